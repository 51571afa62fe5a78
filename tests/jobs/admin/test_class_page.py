"""The page of a job class, and the index that can be sorted."""

import re

import pytest

from jobs import inspect
from jobs.admin.charts import Series, lines
from jobs.admin.dots import with_dots
from jobs.store.metrics import BOUNDS, BUCKETS, QUERIES, QUERY_TIME, Measure, MetricStore
from tests.jobs.admin.conftest import text

CLASS = "orders.CompleteOrderJob"


def measured(store, *names, seconds=(0.1, 0.2, 0.4), failing=(0.4,), ago=0.0):
    measure = Measure()
    for each in seconds:
        measure.add(each, is_failure=each in failing)
    now = inspect.get_reader().now()
    MetricStore(store).add([(name, now - ago, measure) for name in names])


def page_of(client, **data):
    return client.get(f"/admin/jobs/metrics/{CLASS}/", data).context["page"]


def names(client, sort):
    rows = client.get("/admin/jobs/metrics/", {"sort": sort}).context["page"].rows
    return [row.metrics.name for row in rows]


def test_median_and_95_percent_are_drawn_with_gaps_where_nothing_ran(store, boss):
    measured(store, f"job:{CLASS}", ago=600)
    measured(store, f"job:{CLASS}")

    chart = page_of(boss).times

    assert chart.rows[-1][1] == ("205 ms", "377 ms")
    assert chart.rows[-2][1] == ("–", "–")
    assert len(chart.lines) == 4  # two stretches of one slot, in two series
    assert "–" in text(boss.get(f"/admin/jobs/metrics/{CLASS}/"))


def test_queries_have_gaps_too(store, boss):
    measured(store, f"job:{CLASS}")
    measured(store, f"{QUERIES}{CLASS}", f"{QUERY_TIME}{CLASS}", seconds=(0.012,), failing=())

    chart = page_of(boss).queries_of_a_run

    assert chart.rows[-1][1] == ("12",)
    assert chart.rows[0][1] == ("–",)


def test_failures_are_told_in_percent_and_lead_on(store, boss):
    measured(store, f"job:{CLASS}")

    page = text(boss.get(f"/admin/jobs/metrics/{CLASS}/"))

    assert 'href="/admin/jobs/failures/">1</a>' in page
    assert "33.3 %" in page


def test_each_slot_has_dots_by_duration_and_number(store, boss):
    measured(store, f"job:{CLASS}", seconds=(0.1, 0.1, 3.0), failing=())

    dots = {each.size: each.path for each in page_of(boss).dots.dots}

    assert set(dots) == {"small", "medium"}
    [(x, y)] = re.findall(r"M([\d.]+) ([\d.]+)h0", dots["small"])
    [(same_x, lower)] = re.findall(r"M([\d.]+) ([\d.]+)h0", dots["medium"])
    assert x == same_x
    assert float(y) < float(lower)  # longer runs stand higher


def test_no_dot_leaves_the_chart_and_the_axis_has_few_labels():
    chart = lines(["a", "b"], [Series("Runs", [1.0, None])], "")
    slots = [[1] * BUCKETS, [0] * BUCKETS]

    found = with_dots(chart, slots)

    heights = [float(y) for each in found.dots for y in re.findall(r" ([\d.]+)h0", each.path)]
    assert len(heights) == BUCKETS == len(BOUNDS) + 1
    assert all(0 < height < found.height for height in heights)
    assert len(found.y_ticks) <= 5
    assert all(0 <= float(tick.at) <= found.height for tick in found.y_ticks)


def test_class_without_runs_has_empty_charts(boss):
    page = page_of(boss)

    assert page.dots.dots == ()
    assert page.dots.is_empty


@pytest.fixture
def three(store):
    measured(store, "job:a.SlowJob", seconds=(9.0,), failing=())
    measured(store, "job:b.OftenJob", seconds=(0.1,) * 9, failing=())
    measured(store, "job:c.FailingJob", seconds=(0.2, 0.2), failing=(0.2,))


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("", "a.SlowJob"),
        ("name", "a.SlowJob"),
        ("-name", "c.FailingJob"),
        ("runs", "b.OftenJob"),
        ("-runs", "a.SlowJob"),
        ("failed", "c.FailingJob"),
        ("p95", "a.SlowJob"),
        ("-p95", "b.OftenJob"),
        ("nonsense", "a.SlowJob"),
    ],
)
def test_index_is_sorted_by_any_column(boss, three, sort, first):
    assert names(boss, sort)[0] == first


def test_sorted_column_says_so_and_turns_round(boss, three):
    response = boss.get("/admin/jobs/metrics/", {"in": "8h", "sort": "runs"})

    [column] = [each for each in response.context["page"].columns if each.order]

    assert (column.order, column.url) == ("descending", "?in=8h&sort=-runs")
    assert 'aria-sort="descending"' in text(response)
    assert "?in=1h&amp;sort=runs" in text(response)


def test_failing_part_of_a_class_stands_in_the_index(boss, three):
    page = text(boss.get("/admin/jobs/metrics/"))

    assert "100 %</span>" in page
