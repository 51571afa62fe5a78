"""The recorder: notes become measures, which are sent once, or kept while Redis is away."""

import pytest

from jobs import inspect
from jobs.errors import StoreUnavailable
from jobs.store import Store
from jobs.worker import metrics
from jobs.worker.metrics import Recorder
from tests.conftest import free_port


def test_what_was_noted_is_sent_once(store):
    recorder = Recorder(store)
    recorder.note("a.Job", "high", 0.5, is_failure=False)
    recorder.note("a.Job", "low", 1.5, is_failure=True)

    recorder.send()
    recorder.send()

    [found] = inspect.metrics("1h")
    assert (found.name, found.runs, found.failures, found.seconds) == ("a.Job", 2, 1, 2.0)
    assert inspect.queue_metrics("high", "1h").total.runs == 1


def test_what_cannot_be_sent_is_kept(store):
    away = Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2)
    recorder = Recorder(away)
    recorder.note("a.Job", "high", 0.5, is_failure=False)
    with pytest.raises(StoreUnavailable):
        recorder.send()
    recorder.note("a.Job", "high", 0.5, is_failure=False)

    recorder._metrics = Recorder(store)._metrics
    recorder.send()

    assert inspect.metrics("1h")[0].runs == 2


def test_what_nobody_looks_at_any_more_is_not_kept(monkeypatch):
    recorder = Recorder(Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2))
    recorder.note("a.Job", "high", 0.5, is_failure=False)
    monkeypatch.setattr(metrics, "FORGET_AFTER", -120)
    with pytest.raises(StoreUnavailable):
        recorder.send()

    assert recorder._measures == {}


def test_nothing_noted_is_nothing_sent():
    Recorder(Store(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2)).send()
