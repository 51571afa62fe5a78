"""Metrics as people see them: totals, percentiles, slots and rates over a window."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import control, inspect
from jobs.inspect.metrics import BUCKETS, WINDOWS, ClassMetrics
from jobs.store.metrics import BOUNDS, Measure, MetricStore
from jobs.store.reader import Reader
from jobs.store.sight import Sight
from tests.waiting import wait_until


def add(store, name, *seconds, failures=0, ago=0.0):
    measure = Measure()
    for n, duration in enumerate(seconds):
        measure.add(duration, is_failure=n < failures)
    MetricStore(store).add([(name, time.time() - ago, measure)])


def of(*seconds):
    measure = Measure()
    for duration in seconds:
        measure.add(duration, is_failure=False)
    return ClassMetrics("a", measure.runs, 0, sum(seconds), tuple(measure.buckets))


@pytest.fixture
def one_minute():
    """Let the minute not end before the test does."""
    wait_until(lambda: time.time() % 60 < 50)


def test_classes_are_listed_by_the_time_they_took(store, reader):
    add(store, "job:quick", 0.1, 0.1, failures=1)
    add(store, "job:slow", 5.0)
    add(store, "queue:default", 5.0)
    add(store, "job:yesterday", 9.0, ago=90_000)

    assert [
        (m.name, m.runs, m.failures, round(m.seconds, 3)) for m in inspect.metrics("1h", reader)
    ] == [
        ("slow", 1, 0, 5.0),
        ("quick", 2, 1, 0.2),
    ]
    assert [m.name for m in inspect.metrics("3d", reader)] == ["yesterday", "slow", "quick"]
    assert [m.name for m in inspect.total_metrics(reader)] == ["quick", "slow", "yesterday"]


def test_classes_that_nobody_knows_are_asked_about_once(store, monkeypatch):
    for n in range(20):
        add(store, f"job:gone.Job{n}", 1.0)
    store.intake.announce_queues(["default"])
    asked, names = [], Reader.queue_names

    def note_and_ask(reader):
        asked.append(1)
        return names(reader)

    monkeypatch.setattr(Reader, "queue_names", note_and_ask)

    assert inspect.metrics("1h", Reader(store, Sight(lambda queue: queue == "mine"))) == []
    assert len(asked) == 1

    assert len(inspect.metrics("1h", Reader(store, Sight(lambda queue: True)))) == 20
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("window", "points", "step"),
    [("1h", 60, 60), ("8h", 480, 60), ("1d", 144, 600), ("3d", 432, 600)],
)
def test_every_slot_of_a_window_is_there(store, reader, one_minute, window, points, step):
    add(store, "job:a", 2.0, failures=1)
    add(store, "job:a", 1.0, ago=step * 10)

    found = inspect.class_metrics("a", window, reader)

    assert (len(found.slots), found.step_seconds) == (points, step)
    assert found.slots[-1].at.timestamp() == time.time() // step * step
    assert (found.slots[-1].runs, found.slots[-1].failures, found.slots[-1].seconds) == (1, 1, 2.0)
    assert found.slots[-11].runs == 1
    assert (found.total.runs, found.total.mean_seconds) == (2, 1.5)


def test_an_unknown_class_is_an_empty_history(reader):
    found = inspect.class_metrics("nobody", "1h", reader)

    assert (found.total.runs, found.total.p99, found.total.mean_seconds) == (0, 0.0, 0.0)
    assert len(found.slots) == 60


@given(st.lists(st.floats(0.0001, 6000), min_size=1, max_size=50), st.floats(1, 100))
def test_a_percentile_lies_in_the_bucket_of_the_true_one(durations, percent):
    rank = max(1, -(-percent * len(durations) // 100))
    true = sorted(durations)[int(rank) - 1]
    bucket = next(n for n, bound in enumerate(BOUNDS) if true <= bound)

    found = of(*durations).percentile(percent)

    assert (BOUNDS[bucket - 1] if bucket else 0) <= found <= BOUNDS[bucket] * 1.000001


def test_the_last_bucket_has_no_end():
    assert of(1e6).p50 == BOUNDS[-1]


def test_no_runs_have_no_percentiles():
    assert ClassMetrics("a", 0, 0, 0.0, (0,) * BUCKETS).p95 == 0.0


def test_rates_are_of_full_minutes_or_of_what_there_is(store, reader, one_minute):
    add(store, "queue:busy", *[0.1] * 150, ago=60)
    add(store, "queue:busy", *[0.1] * 999)
    add(store, "queue:new", *[0.1] * 30)

    rates = inspect.queue_rates(["busy", "new", "idle"], reader)

    assert rates["busy"] == 0.5
    assert 0.5 <= rates["new"] <= 30
    assert rates["idle"] == 0


@pytest.mark.parametrize("window", WINDOWS)
def test_deploys_within_the_window_are_told(reader, window):
    control.mark_deploy(" v1 ")

    assert [d.label for d in inspect.class_metrics("a", window, reader).deploys] == ["v1"]


@pytest.mark.parametrize("label", ["", "   ", "x" * 101, "two\nlines"])
def test_a_label_that_cannot_be_shown_is_refused(label):
    with pytest.raises(ValueError, match="A label has 1 to 100"):
        control.mark_deploy(label)


def test_slots_of_many_queues_are_added_up_in_a_few_round_trips(store, reader, monkeypatch):
    queues = [f"queue{n}" for n in range(250)]
    for queue in (queues[0], queues[120], queues[249]):
        add(store, f"queue:{queue}", 2.0, 1.0, failures=1)
    add(store, "queue:other", 1.0)
    asked = []
    ask = type(reader).ask

    def ask_and_count(self, questions):
        asked.append(questions)
        return ask(self, questions)

    monkeypatch.setattr(type(reader), "ask", ask_and_count)

    slots = inspect.queue_slots(queues, "1d", reader)

    assert len(asked) == 3
    assert len(slots) == 144
    totals = [(slot.runs, slot.failures, slot.seconds) for slot in slots if slot.runs]
    assert totals in ([(6, 3, 9.0)], [(4, 2, 6.0), (2, 1, 3.0)], [(2, 1, 3.0), (4, 2, 6.0)])
    assert all(slot.runs == 0 for slot in inspect.queue_slots([], "1h", reader))
