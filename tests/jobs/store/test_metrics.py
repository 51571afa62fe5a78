"""Metrics in Redis: what several workers add comes out in the right slot."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.store.metrics import (
    BOUNDS,
    BUCKETS,
    MINUTES,
    TEN_MINUTES,
    TEN_SECONDS,
    TOTAL,
    Measure,
    MetricReader,
    MetricStore,
)
from jobs.store.reader import Reader

#: 2025-11-24 23:59:00 UTC: the next minute begins a new hour and a new day.
LAST_MINUTE = 1_764_028_740.0


@pytest.fixture
def metrics(store):
    return MetricStore(store)


@pytest.fixture
def found(store):
    return MetricReader(Reader(store))


def measure(*seconds, failures=0):
    made = Measure()
    for n, duration in enumerate(seconds):
        made.add(duration, is_failure=n < failures)
    return made


def full(count):
    return Measure(runs=count, buckets=[count] + [0] * (BUCKETS - 1))


def runs(slots):
    return [slot.runs if slot else 0 for slot in slots]


def test_bounds_rise_by_about_a_half_from_a_millisecond_on():
    assert (BOUNDS[0], BOUNDS[1], BOUNDS[-1], BUCKETS) == (0.001, 0.0016, 6300.0, 36)
    assert all(1.5 < b / a < 1.61 for a, b in pairwise(BOUNDS))


@given(st.floats(0, 1e5))
def test_a_run_is_counted_in_the_bucket_that_holds_it(seconds):
    [bucket] = [n for n, count in enumerate(measure(seconds).buckets) if count]

    assert bucket == BUCKETS - 1 or seconds <= BOUNDS[bucket]
    assert bucket == 0 or seconds > BOUNDS[bucket - 1]


def test_two_workers_add_to_the_same_slot(metrics, found):
    metrics.add([("job:a", LAST_MINUTE, measure(0.5, 2.0, failures=1))])
    metrics.add([("job:a", LAST_MINUTE + 30, measure(0.5))])

    [slot] = found.read(["job:a"], MINUTES, LAST_MINUTE, 1)["job:a"]

    assert (slot.runs, slot.failures, slot.microseconds) == (3, 1, 3_000_000)
    assert slot.buckets == measure(0.5, 0.5, 2.0).buckets


@pytest.mark.parametrize("resolution", [TEN_SECONDS, MINUTES, TEN_MINUTES])
def test_a_window_reaches_over_the_borders_of_strings(metrics, resolution, found):
    step = resolution.seconds
    for n in range(5):
        metrics.add([("job:a", LAST_MINUTE + n * step, measure(*[0.1] * (n + 1)))])

    slots = found.read(["job:a", "job:none"], resolution, LAST_MINUTE + 4 * step, 7)

    assert runs(slots["job:a"]) == [0, 0, 1, 2, 3, 4, 5]
    assert runs(slots["job:none"]) == [0] * 7


def test_the_whole_of_the_longest_window_is_read(metrics, found):
    metrics.add(
        [("job:a", LAST_MINUTE - 431 * 600, measure(0.1)), ("job:a", LAST_MINUTE, measure(0.1))]
    )

    counts = runs(found.read(["job:a"], TEN_MINUTES, LAST_MINUTE, 432)["job:a"])

    assert (len(counts), counts[0], counts[-1], sum(counts)) == (432, 1, 1, 2)


def test_totals_have_no_end_and_the_rest_is_forgotten_in_time(store, metrics, found):
    now = time.time()
    metrics.add([("job:a", now, measure(0.1))])
    keys = store.shared

    [slot] = found.read(["job:a"], TOTAL, 0, 1)["job:a"]
    assert slot.runs == 1
    assert store.client.ttl(keys.metric("all", 0, "job:a")) == -1
    for resolution in (TEN_SECONDS, MINUTES, TEN_MINUTES):
        chunk, _ = resolution.place(now)
        assert 0 < store.client.ttl(keys.metric(resolution.name, chunk, "job:a")) <= resolution.keep


def test_a_counter_that_is_full_stays_full(metrics, found):
    metrics.add([("job:a", LAST_MINUTE, full(2**32 - 2))])
    metrics.add([("job:a", LAST_MINUTE, full(5))])

    assert runs(found.read(["job:a"], MINUTES, LAST_MINUTE, 1)["job:a"]) == [2**32 - 1]


def test_names_come_with_the_latest_first_and_go_after_ninety_days(metrics, found):
    now = time.time()
    metrics.add([("job:old", now - 91 * 86_400, measure(0.1))])
    metrics.add(
        [
            ("job:a", now - 60, measure(0.1)),
            ("job:b", now, measure(0.1)),
            ("queue:q", now, measure(0.1)),
        ]
    )
    metrics.add([("job:b", now - 600, measure(0.1))])

    assert found.names("job:", 10) == ["job:b", "job:a"]
    assert found.names("job:", 1) == ["job:b"]
    assert found.names("queue:", 10) == ["queue:q"]


def test_deploys_are_kept_in_order_and_only_the_last_hundred(metrics, found):
    for n in range(103):
        metrics.mark_deploy(f"v {n}")

    labels = [label for _, label in found.deploys(0)]

    assert labels == [f"v {n}" for n in range(3, 103)]
    assert found.deploys(time.time() + 60) == []
