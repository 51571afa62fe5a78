"""A worker does what the look before a deploy has said."""

import pytest

from jobs import inspect
from jobs.store.reader import Reader
from jobs.worker import opening
from tests.jobs.inspect.fit_cases import CASES, PLACES, put_case
from tests.jobs.worker.made_jobs import place_of
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until


@pytest.mark.parametrize("case", CASES)
def test_worker_does_what_the_look_has_said(store, worker_settings, case, monkeypatch):
    monkeypatch.setattr(opening, "UNKNOWN_TRIES", 1)  # it would wait for the class first
    job_id = put_case(store, "ready", case)
    _, kind, _ = CASES[case]
    found = inspect.misfits(Reader(store)).groups

    with running(make_worker(worker_settings)):
        wait_until(lambda: place_of(store, job_id) not in {"ready", "running"})

    assert [misfit.kind for misfit in found] == ([kind] if kind else [])
    assert place_of(store, job_id) == PLACES[kind]
    if found:
        assert found[0].fate == ("fails" if PLACES[kind] == "retry" else "parked")
