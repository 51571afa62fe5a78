"""Tells the error handlers of problems: once, and surely."""

import time
from dataclasses import replace

import pytest

from jobs import control, inspect
from jobs.errors import ProblemFound
from jobs.jobs import TellProblemJob
from jobs.problem import Problem
from jobs.store.alarms import CALM, Alarms, Note, notes_of
from jobs.store.reader import Reader

HEARD: list[tuple[BaseException, dict]] = []
LATE = Problem("default", "Queue default is late.", "Start more workers.", "queue_late")
FULL = Problem("", "Redis is full.", "Give it more.", "redis_memory", where="#jobs-redis")
AWAY: list[bool] = []


def hear(error, context):
    """Be an error handler."""
    HEARD.append((error, context))


def hear_if_there(error, context):
    """Be an error handler whose service may be away."""
    if AWAY:
        raise ConnectionError("no route to host")
    hear(error, context)


@pytest.fixture(autouse=True)
def handlers(settings):
    HEARD.clear()
    AWAY.clear()
    handlers = [f"{__name__}.hear"]
    settings.JOBS = {**settings.JOBS, "ERROR_HANDLERS": handlers, "QUEUES": ["high,2", "low,1"]}


def kinds():
    """Return the kinds of the problems that were heard of."""
    return [context["kind"] for _error, context in HEARD]


def test_each_problem_is_told_once(store):
    assert control.tell_of([LATE]) == []
    control.tell_of([LATE, FULL])
    control.tell_of([LATE, FULL])

    assert kinds() == ["queue_late", "redis_memory"]
    assert isinstance(HEARD[0][0], ProblemFound)
    assert str(HEARD[0][0]) == "Queue default is late. Start more workers."


def test_a_problem_that_comes_and_goes_is_told_once_in_half_an_hour(store):
    control.tell_of([LATE])
    control.tell_of([])
    control.tell_of([LATE])
    assert kinds() == ["queue_late"]

    Alarms(store).keep({LATE.name: Note(1.0, time.time() - CALM - 1, is_over=True)})
    control.tell_of([LATE])
    assert kinds() == ["queue_late", "queue_late"]


def test_a_problem_that_is_over_is_noted_and_forgotten_after_a_week(store):
    control.tell_of([LATE])
    Alarms(store).keep({"queue_late:old": Note(1.0, time.time() - 8 * 86_400)})

    control.tell_of([])

    notes = Alarms(store).read()
    assert list(notes) == [LATE.name]
    assert notes[LATE.name].is_over


def test_the_time_of_a_problem_that_tells_none_is_when_it_was_first_seen(store):
    before = time.time()
    control.tell_of([FULL])

    since = Alarms(store).read()[FULL.name].since

    assert since == pytest.approx(before, abs=5)


def test_what_a_handler_fails_to_hear_is_told_by_a_job_with_retries(store, settings):
    settings.JOBS = {
        **settings.JOBS,
        "ERROR_HANDLERS": [f"{__name__}.hear_if_there", f"{__name__}.hear"],
    }
    AWAY.append(True)

    [unheard] = control.tell_of([LATE])

    assert unheard.handler == f"{__name__}.hear_if_there"
    assert unheard.is_told_again
    assert kinds() == ["queue_late"]
    reader = Reader(store)
    [job_id] = next(reader.ids("high", "ready"))
    job = inspect.find(job_id, reader)
    assert job.job_class == "jobs.TellProblemJob"
    assert TellProblemJob.options.max_retries != 0
    with pytest.raises(ConnectionError):
        TellProblemJob().perform(*job.payload.args)
    AWAY.clear()
    TellProblemJob().perform(*job.payload.args)
    assert kinds() == ["queue_late", "queue_late"]
    assert control.tell_of([LATE]) == []


def test_what_no_job_can_tell_is_told_anew(store, settings):
    handlers = [f"{__name__}.hear_if_there"]
    settings.JOBS = {**settings.JOBS, "ERROR_HANDLERS": handlers, "MAX_PAYLOAD_BYTES": 100}
    AWAY.append(True)
    [unheard] = control.tell_of([LATE])
    assert not unheard.is_told_again

    AWAY.clear()
    control.tell_of([LATE])
    control.tell_of([LATE])

    assert kinds() == ["queue_late"]


def test_only_one_process_tells_people_at_a_time(store):
    other = Alarms(store)
    assert other.take_turn()

    assert control.tell_of([LATE]) == []
    assert HEARD == []

    other.end_turn()
    control.tell_of([LATE])
    assert kinds() == ["queue_late"]


def test_nobody_ends_the_turn_of_another(store):
    one, two = Alarms(store), Alarms(store)
    assert one.take_turn()

    two.end_turn()

    assert not two.take_turn()


def test_a_server_that_is_full_keeps_notes(store):
    store.client.config_set("maxmemory", 1)
    try:
        control.tell_of([FULL])
        control.tell_of([FULL])
    finally:
        store.client.config_set("maxmemory", 0)

    assert kinds() == ["redis_memory"]


def test_where_nothing_can_be_noted_all_are_told_every_time(store):
    store.client.set(store.shared.problems, "foreign")

    control.tell_of([LATE])
    control.tell_of([LATE])

    assert kinds() == ["queue_late", "queue_late"]


def test_a_turn_without_an_end_is_taken(store):
    store.client.hset(store.shared.telling, "foreign", 1)

    control.tell_of([LATE])

    assert kinds() == ["queue_late"]


def test_a_note_reads_what_it_writes():
    for note in (Note(None, 5.0), Note(1.5, 2.25), Note(1.0, 2.0, is_over=True)):
        assert notes_of({b"a": note.to_text().encode()}) == {"a": note}
    assert replace(Note(1.0, 2.0), is_over=True).to_text() == "1.000 2.000 over"
