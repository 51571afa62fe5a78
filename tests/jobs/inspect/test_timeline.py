"""The life of one job as moments."""

from datetime import UTC, datetime, timedelta

from jobs import inspect
from tests.jobs.inspect.filling import failure, put

AT = 1_764_000_000.0


def titles(job_id):
    return [moment.title for moment in inspect.timeline(inspect.find(job_id))]


def ran(error_class="E", *, at, seconds):
    return failure(error_class, "no", at) | {"seconds": seconds}


def test_every_attempt_has_a_start_and_an_end(store):
    errors = [ran(at=AT + 10, seconds=4), ran(at=AT + 60, seconds=2)]
    job_id = put(store, "retry", at=4e9, enqueued_at=AT, failures=2, errors=errors)

    found = inspect.timeline(inspect.find(job_id))

    assert [moment.title for moment in found] == [
        "Enqueued",
        "Attempt 1 started",
        "Attempt 1 failed",
        "Attempt 2 started",
        "Attempt 2 failed",
        "Due",
    ]
    assert found[2].at - found[1].at == timedelta(seconds=4)
    assert [moment.mood for moment in found] == ["", "", "bad", "", "bad", "next"]


def test_error_of_an_older_version_has_no_start(store):
    job_id = put(store, "dead", enqueued_at=AT, failures=1, errors=[failure("E", "no", AT + 1)])

    assert titles(job_id) == ["Enqueued", "Attempt 1 failed", "Moved to the dead set"]


def test_crash_counts_as_no_attempt(store):
    errors = [failure("WorkerCrashed", "gone", AT + 1), ran(at=AT + 9, seconds=1)]
    job_id = put(store, "retry", at=4e9, failures=1, crashes=1, errors=errors)

    assert inspect.attempt_numbers(inspect.find(job_id)) == [None, 1]
    assert "Ended by an error" in titles(job_id)


def test_no_number_is_made_up_where_errors_are_missing(store):
    job_id = put(store, "retry", at=4e9, failures=120, errors=[ran(at=AT, seconds=1)])

    assert inspect.attempt_numbers(inspect.find(job_id)) == [None]
    assert {"Started", "Ended by an error"} <= set(titles(job_id))


def test_done_job_tells_its_start_and_its_end(store):
    job_id = put(
        store, "done", at=4e9, enqueued_at=AT, started_at=AT + 1, finished_at=AT + 3, failures=1
    )

    assert titles(job_id) == ["Enqueued", "Attempt 2 started", "Done", "Result expires"]


def test_running_job_tells_when_its_run_began(store):
    job_id = put(store, "ready", enqueued_at=AT, failures=2)
    since = datetime(2026, 1, 1, tzinfo=UTC)

    [found] = [m for m in inspect.timeline(inspect.find(job_id), since) if m.at == since]

    assert found.title == "Attempt 3 started"


def test_odd_seconds_give_no_start_and_break_nothing(store):
    errors = [
        failure("E", "no", AT) | {"seconds": odd} for odd in ("long", True, -1, 1e300, None, [1])
    ]
    job_id = put(store, "retry", at=4e9, failures=6, errors=errors)

    assert not any("started" in title for title in titles(job_id))
