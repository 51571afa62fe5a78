"""What the benchmarks make of their figures.

The measurements themselves are run by hand.
"""

from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from benchmarks.client import arguments
from benchmarks.compare import ROWS, checkout, gain, page
from benchmarks.curves import CURVES
from benchmarks.measures import percentiles
from benchmarks.profile import FORMER, PARTS, parts, table
from benchmarks.subjects import Checkout
from benchmarks.svg import Line, Panel, chart, nice, short

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("own", "other", "is_more_better", "shown"),
    [
        (300.0, 100.0, True, "3.00 ×"),
        (1.0, 4.0, False, "4.00 ×"),
        (1.0, 4.0, None, ""),
        (None, 4.0, True, ""),
    ],
)
def test_gain_above_one_is_always_better(own, other, is_more_better, shown):
    assert gain(own, other, is_more_better=is_more_better) == shown


def test_table_shows_medians_and_leaves_out_what_nobody_measured(tmp_path):
    old, new = Checkout("old", tmp_path), Checkout("new", tmp_path)
    rounds = [
        {"old": {"drain": rate}, "new": {"drain": 2 * rate, "p50": 0.5}} for rate in (100, 900, 200)
    ]

    text = page([old, new], rounds, SimpleNamespace(scale=1.0))

    assert "| no-op jobs, one process, 10 threads | 200/s | 400/s | 2.00 × |" in text
    assert "| idle to start, p50 |  | 0.50 ms |  |" in text
    assert ROWS["bytes"].title not in text


def test_checkout_is_named_and_measured_as_it_is_told(tmp_path):
    named = checkout(f"old={tmp_path}@/usr/bin/python3")

    assert (named.name, named.path, named.python) == ("old", tmp_path, "/usr/bin/python3")
    assert checkout(str(tmp_path)).name == tmp_path.name


def test_first_stamp_does_not_count(tmp_path):
    path = tmp_path / "stamps"
    path.write_text("9.0 1\n" + "0.001 1\n" * 50)

    assert percentiles(path) == pytest.approx((1.0, 1.0))


def test_arguments_are_the_number_unless_told_otherwise():
    assert list(arguments(2, None)) == [(0,), (1,)]
    assert list(arguments(2, 0.01)) == [(0.01,), (0.01,)]


def test_chart_tells_in_words_what_it_shows():
    panel = Panel(
        "Rate", "jobs", [Line("old", [(10, 5), (1000, 4)]), Line("new & fast", [(10, 9)])]
    )

    root = ElementTree.fromstring(chart("A <title>", [panel], "a note"))

    assert root.get("aria-labelledby") == "title desc"
    assert root.findtext(f"{SVG}title") == "A <title>"
    assert "new & fast: 9 at 10." in str(root.findtext(f"{SVG}desc"))
    assert len(root.findall(f".//{SVG}circle")) == 3  # two points, and the legend


@pytest.mark.parametrize("key", CURVES)
def test_curve_that_was_not_measured_says_so(key):
    assert CURVES[key].drawn({}, "").count("Not measured yet.") == len(CURVES[key].panels)


@pytest.mark.parametrize(("least", "step"), [(0.3, 0.5), (20, 20), (21, 50), (700, 1000), (0, 1)])
def test_axis_has_round_steps(least, step):
    assert nice(least) == pytest.approx(step)


@pytest.mark.parametrize(("number", "said"), [(3e6, "3M"), (1500, "1.5k"), (0.354, "0.354")])
def test_number_is_said_in_short(number, said):
    assert short(number) == said


def test_sample_counts_for_the_innermost_part_that_is_known():
    at_work = "main (/x/benchmarks/client.py:9);timed (/x/benchmarks/client.py:30)"
    lines = [
        f"{at_work};bind (/y/jobs/arguments.py:3);isinstance (/usr/lib/abc.py:1) 2",
        "setup (/x/benchmarks/client.py:5);populate (/usr/lib/django/apps.py:1) 7",
        "run (/y/jobs/worker/threads.py:1);before (/y/jobs/middleware/database.py:8) 3",
        " 4",
    ]

    assert parts(lines) == {"check and bind the arguments": 2, "middleware": 3}


def test_every_part_has_a_file():
    ours = [place for place in PARTS if place.startswith(("jobs/", "benchmarks/"))]
    files = [str(path.relative_to(ROOT)) for path in ROOT.glob("*/**/*.py")]

    nowhere = {place for place in ours if not any(place in file for file in files)}

    assert nowhere == FORMER


def test_parts_stand_in_the_order_in_which_a_job_meets_them():
    text = table("Drain", ["old"], [{"log": 1.5, "middleware": 0.25}])

    assert text.splitlines()[4:] == [
        "| **all** | **1.8** |",
        "| middleware | 0.25 |",
        "| log | 1.50 |",
    ]
