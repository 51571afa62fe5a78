"""The charts: what stands at their axes."""

import pytest

from jobs import control
from jobs.admin.charts import Series, bars, nice_ticks
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


def test_deploys_of_the_same_moment_share_a_label(store, boss):
    measure = Measure()
    measure.add(0.2, is_failure=False)
    MetricStore(store).add([("job:orders.CompleteOrderJob", get_reader().now(), measure)])
    control.mark_deploy("v1")
    control.mark_deploy("v2")

    page = text(boss.get("/admin/jobs/metrics/orders.CompleteOrderJob/?in=3d"))

    assert ">v1, v2</text>" in page
