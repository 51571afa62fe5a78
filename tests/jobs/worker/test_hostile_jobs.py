"""Jobs that mean harm, by what they raise, return or spoil.

Each ends once, and harms nobody else.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable

import pytest

from jobs.errors import JobInterrupted, Snooze
from tests.jobs.worker.ending_jobs import (
    AsyncEndingJob,
    EndingJob,
    KeptEndingJob,
    begin_anew,
    events,
    run,
)
from tests.jobs.worker.made_jobs import payload_of, place_of, stat
from tests.jobs.worker.small_worker import make_worker


@pytest.fixture(autouse=True)
def clean_slate(settings, caplog) -> None:
    begin_anew(settings, caplog)


class Mute(Exception):
    def __str__(self):
        raise SystemExit

    __repr__ = __str__


class Contrary(Exception):
    def __bool__(self):
        raise RuntimeError

    def __eq__(self, other):
        raise RuntimeError

    def __hash__(self):
        return 0


class Liar(Exception):
    @property
    def __class__(self):
        raise RuntimeError


class Oddly(Exception):
    pass


Oddly.__qualname__ = "Odd\udce9"


def broken_snooze() -> Snooze:
    snooze = Snooze(1)
    vars(snooze)["seconds"] = "soon"
    return snooze


def contrary_cause() -> ConnectionError:
    error = ConnectionError("away")
    error.__cause__ = Contrary()
    return error


def recurse(job, *args):
    return recurse(job, *args)


def exit_group() -> BaseExceptionGroup:
    return BaseExceptionGroup(
        "all of them", [SystemExit(), KeyboardInterrupt(), asyncio.CancelledError()]
    )


#: What a job may raise, and where it is then.
RAISED: dict[str, tuple[Callable, str]] = {
    "str raises": (Mute, "retry"),
    "bool and eq raise": (lambda: Contrary("no"), "retry"),
    "class raises": (lambda: Liar("no"), "retry"),
    "name is no unicode": (lambda: Oddly("no"), "retry"),
    "cause is contrary": (contrary_cause, "retry"),
    "enormous": (lambda: ValueError("x" * 20_000_000), "retry"),
    "out of memory": (MemoryError, "retry"),
    "cancelled error": (asyncio.CancelledError, "retry"),
    "generator exit": (GeneratorExit, "retry"),
    "group of exits": (exit_group, "retry"),
    "group with an interruption": (
        lambda: BaseExceptionGroup("", [JobInterrupted(), ValueError()]),
        "ready",
    ),
    "snooze without seconds": (broken_snooze, "retry"),
    "snooze for no number": (lambda: Snooze(float("nan")), "retry ready"),  # due at once
    "snooze for ever": (lambda: Snooze(float("inf")), "retry"),
}


@pytest.mark.parametrize("job_class", [EndingJob, AsyncEndingJob])
@pytest.mark.parametrize("name", RAISED)
def test_whatever_a_job_raises_it_ends_once(store, worker_settings, caplog, name, job_class):
    make, place = RAISED[name]

    def perform(job, *args):
        raise make()

    job_id = run(store, make_worker(worker_settings), perform, job_class)

    assert place_of(store, job_id) in place.split()
    assert Counter(events(caplog)).total() == 1
    assert max(len(record.getMessage()) for record in caplog.records) < 3_000
    caplog.clear()  # pytest would print what cannot be printed


@pytest.mark.parametrize("job_class", [EndingJob, AsyncEndingJob])
def test_endless_recursion_is_a_failure_like_any_other(store, worker_settings, job_class):
    job_id = run(store, make_worker(worker_settings), recurse, job_class)

    assert payload_of(store, job_id).errors[0]["class"] == "RecursionError"


class Sly:
    """An object that the encoder of JSON looks into."""

    def __getattribute__(self, name):
        raise SystemError(name)


def circle() -> list:
    found: list = []
    found.append(found)
    return found


NO_JSON: dict[str, Callable] = {
    "object": object,
    "sly": Sly,
    "set": lambda: {1, 2},
    "number": lambda: 10**400,
    "text": lambda: "caf\udce9",
    "circle": circle,
    "exit class": lambda: SystemExit,
}


@pytest.mark.parametrize("name", NO_JSON)
def test_result_that_is_no_json_is_left_out(store, worker_settings, name, caplog):
    job_id = run(store, make_worker(worker_settings), lambda job: NO_JSON[name](), KeptEndingJob)

    assert place_of(store, job_id) == "done"
    assert payload_of(store, job_id).result is None
    assert events(caplog) == ["job.done"]


@pytest.mark.parametrize("job_class", [EndingJob, AsyncEndingJob, KeptEndingJob])
@pytest.mark.parametrize("end", [lambda: None, lambda: sys.exit(1)])
def test_job_that_spoils_its_own_payload_harms_nobody_else(store, worker_settings, job_class, end):
    def perform(job, numbers):
        numbers.clear()
        job._payload.args.append(object())
        job._payload.errors.append(object())
        job.options = None
        end()

    job_id = run(store, make_worker(worker_settings), perform, job_class, args=[[1, 2]])

    payload = payload_of(store, job_id)
    assert payload is None or payload.args == [[1, 2]]
    assert stat(store, "processed") == 1
    assert stat(store, "parked") == 0
