"""The charts: what stands at their axes."""

import pytest

from jobs import control
from jobs.admin.charts import Series, bars, lines, nice_ticks
from jobs.admin.ticks import Mark
from jobs.inspect import get_reader
from jobs.store.metrics import Measure, MetricStore
from jobs.templatetags.jobs_format import number
from tests.jobs.admin.conftest import text


@pytest.mark.parametrize(
    ("highest", "ticks"), [(0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (10, [0, 5, 10])]
)
def test_what_is_counted_has_whole_steps(highest, ticks):
    assert nice_ticks(highest, is_whole=True) == ticks


def test_what_is_measured_may_have_parts():
    assert nice_ticks(1) == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("highest", range(13))
def test_no_number_stands_twice_at_the_axis(highest):
    chart = bars(["now"], [Series("Runs", [highest])], "")

    labels = [tick.label for tick in chart.y_ticks]

    assert len(labels) == len(set(labels))
    assert labels[0] == number(0)


def test_of_marks_side_by_side_the_latest_is_written():
    slots = [str(n) for n in range(60)]
    marks = [Mark(30, "v1"), Mark(32, "v2"), Mark(58, "v4"), Mark(57, "v3")]

    chart = bars(slots, [Series("Runs", [1] * 60)], "", marks=marks)

    assert [(mark.label, mark.is_crowded) for mark in chart.marks] == [
        ("v1", True),
        ("v2", False),
        ("v3", True),
        ("v4", False),
    ]


def test_deploys_of_the_same_moment_share_a_label(store, boss):
    measure = Measure()
    measure.add(0.2, is_failure=False)
    MetricStore(store).add([("job:orders.CompleteOrderJob", get_reader().now(), measure)])
    control.mark_deploy("v1")
    control.mark_deploy("v2")

    page = text(boss.get("/admin/jobs/metrics/orders.CompleteOrderJob/?in=3d"))

    assert ">v1, v2</text>" in page


def test_line_has_a_gap_where_there_is_no_value():
    chart = lines("abcde", [Series("Wait", [1, 2, None, 4, None])], "")

    assert [line.points.count(",") for line in chart.lines] == [2, 2]
    assert [line.points.split()[0].split(",")[0] for line in chart.lines] == ["100", "700"]
    assert [values for _label, values in chart.rows] == [("1",), ("2",), ("–",), ("4",), ("–",)]
    assert "Wait: –" in chart.slots[2].tooltip


def test_line_of_nothing_but_gaps_is_empty():
    chart = lines("ab", [Series("Wait", [None, None])], "")

    assert chart.lines == ()
    assert chart.is_empty


def test_only_a_single_line_has_an_area():
    one = lines("ab", [Series("Wait", [1, 2])], "")
    two = lines("ab", [Series("Wait", [1, 2]), Series("Run", [2, 1])], "")

    assert one.lines[0].area.startswith("250,180 ")
    assert [line.area for line in two.lines] == ["", ""]
