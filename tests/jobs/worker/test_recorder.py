"""The recorder turns notes into measures.

They are sent once, or kept while Redis is away.
"""

import sys
import time

import pytest

from jobs import inspect
from jobs.ending import Ending
from jobs.errors import StoreUnavailable
from jobs.events import JobEnded
from jobs.payload import Payload
from jobs.store import Store
from jobs.store.metrics import ALL_RUNS, ALL_WAITS, TEN_MINUTES, MetricReader
from jobs.worker import recorder as recording
from jobs.worker.recorder import Recorder
from tests.conftest import free_port


def ended(queue, elapsed, ending=Ending.DONE, **fields):
    return JobEnded(Payload(0, "a", "a.Job", queue), ending, elapsed, **fields)


def test_what_was_noted_keeps_nothing_of_its_job(store):
    event = ended("high", 0.5)
    before = sys.getrefcount(event.payload)
    recorder = Recorder(store)
    recorder.hear(event)
    after = sys.getrefcount(event.payload)
    assert after == before


def test_what_was_noted_is_sent_once(store):
    recorder = Recorder(store)
    recorder.hear(ended("high", 0.5))
    recorder.hear(ended("low", 1.5, Ending.RETRIED))

    recorder.send()
    recorder.send()

    [found] = inspect.metrics("1h")
    assert (found.name, found.runs, found.failures, found.seconds) == ("a.Job", 2, 1, 2.0)
    assert sum(slot.runs for slot in inspect.queue_slots(["high"])) == 1


def test_runs_that_are_not_measured_are_left_out(store):
    recorder = Recorder(store)
    recorder.hear(ended("high", 0.5, Ending.INTERRUPTED))
    recorder.hear(ended("high", 0.5, Ending.CANCELLED, has_begun=False))

    recorder.send()

    assert inspect.metrics("1h") == []


def test_what_cannot_be_sent_is_kept(store):
    away = Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2)
    recorder = Recorder(away)
    recorder.hear(ended("high", 0.5))
    with pytest.raises(StoreUnavailable):
        recorder.send()
    recorder.hear(ended("high", 0.5))

    recorder._metrics = Recorder(store)._metrics
    recorder.send()

    assert inspect.metrics("1h")[0].runs == 2


def test_what_nobody_looks_at_any_more_is_not_kept(monkeypatch):
    recorder = Recorder(Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2))
    recorder.hear(ended("high", 0.5))
    monkeypatch.setattr(recording, "FORGET_AFTER", -120)
    with pytest.raises(StoreUnavailable):
        recorder.send()

    assert recorder._measures == {}


def test_nothing_noted_is_nothing_sent():
    Recorder(Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2)).send()


def test_what_cannot_be_sent_is_kept_by_the_minute():
    """By ten seconds, hours of it would take six times the room."""
    away = Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2)
    recorder = Recorder(away)
    minute = int(time.time()) // 60 * 60 - 60
    for second in range(0, 60, 10):
        recorder._measures["job:a.Job", minute + second].add(0.5, is_failure=second == 20)

    with pytest.raises(StoreUnavailable):
        recorder.send()

    assert list(recorder._measures) == [("job:a.Job", minute)]
    [kept] = recorder._measures.values()
    assert (kept.runs, kept.failures, kept.microseconds) == (6, 1, 3_000_000)
    assert sum(kept.buckets) == 6


def waits(name=ALL_WAITS):
    reader = inspect.get_reader()
    [minute] = MetricReader(reader).read([name], TEN_MINUTES, reader.now(), 1)[name]
    return minute


def heard(recorder, ending=Ending.DONE, elapsed=1.0, **fields):
    recorder.hear(JobEnded(Payload(0, "a", "a.Job", "high", **fields), ending, elapsed))


def test_wait_for_the_first_run_is_measured_from_when_the_job_could_run(store):
    recorder, now = Recorder(store), time.time()
    heard(recorder, enqueued_at=now - 11)
    heard(recorder, enqueued_at=now - 500, run_after=now - 21)
    heard(recorder, Ending.RETRIED, enqueued_at=now - 31, failures=1)

    recorder.send()

    assert (waits().runs, waits().failures) == (3, 0)
    assert waits().microseconds / 1e6 == pytest.approx(10 + 20 + 30, abs=2)
    assert waits("wait:high") == waits()


@pytest.mark.parametrize(
    ("ending", "fields"),
    [
        (Ending.DONE, {"failures": 1}),
        (Ending.RETRIED, {"failures": 2}),
        (Ending.DONE, {"crashes": 1}),
        (Ending.DONE, {"interruptions": 1}),
    ],
)
def test_wait_for_a_later_run_is_not_measured(store, ending, fields):
    recorder = Recorder(store)
    heard(recorder, ending, enqueued_at=time.time() - 60, **fields)

    recorder.send()

    assert waits() is None


def test_job_that_the_clock_of_another_host_enqueued_later_has_not_waited(store):
    recorder = Recorder(store)
    heard(recorder, enqueued_at=time.time() + 60)

    recorder.send()

    assert (waits().runs, waits().microseconds) == (1, 0)


def test_all_runs_are_measured_together(store):
    recorder = Recorder(store)
    recorder.hear(ended("high", 0.5))
    recorder.hear(ended("low", 1.5, Ending.RETRIED))

    recorder.send()

    found = waits(ALL_RUNS)
    assert (found.runs, found.failures, found.microseconds) == (2, 1, 2_000_000)
