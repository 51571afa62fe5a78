"""`drain`: scheduled jobs, retries as a worker plays them, and errors as they are."""

import time
from datetime import timedelta

import pytest

from jobs import Job, JobDied, JobsError, Retry, Snooze, TimeLimitExceeded
from jobs.testing import (
    assert_enqueued,
    assert_nothing_enqueued,
    draining,
    enqueued_jobs,
    mode,
    pass_time,
)
from jobs.testing import drain as run
from tests.jobs.testing.noted import RAN, NoteJob

TOLD: list = []
HOUR = timedelta(hours=1)


class CourierDown(Exception):
    """An error of a project, declared as transient."""


class CourierJob(Job):
    transient_errors = (CourierDown,)
    max_retries = 3

    def perform(self, failures: int, parcel: dict[str, int] | None = None) -> None:
        RAN.append((self.attempt, parcel))
        if parcel:
            parcel["weight"] += 1
        if self.attempt <= failures:
            raise CourierDown(f"attempt {self.attempt}")

    def on_exhausted(self, error: BaseException) -> None:
        TOLD.append(error)


class PatientJob(Job):
    retry_for = timedelta(days=2)

    def perform(self) -> None:
        RAN.append(self.attempt)
        raise CourierDown("still")


class ExpiringJob(Job):
    expires_in = HOUR

    def perform(self) -> None:
        RAN.append(self.attempt)
        raise ValueError

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 1700.0


class LongJob(Job):
    time_limit = timedelta(seconds=0.001)
    max_retries = 1

    def perform(self, *, is_struck: bool = False) -> None:
        time.sleep(0.01)
        RAN.append(self.remaining())
        if is_struck:
            raise TimeLimitExceeded(0.001)


class PickyJob(Job):
    def perform(self) -> None:
        RAN.append(self.attempt)
        raise CourierDown

    def retry_in(self, attempt: int, error: BaseException) -> float | Retry | None:
        return Retry.KILL if attempt == 2 else 0.0


class AgainJob(Job):
    def perform(self) -> None:
        AgainJob.using(run_after=HOUR).enqueue()


class ClumsyJob(Job):
    max_retries = 0
    keep_result_for = HOUR

    def perform(self) -> None:
        raise ValueError("no stock")

    def on_exhausted(self, error: BaseException) -> None:
        raise ZeroDivisionError


class LateJob(Job):
    def perform(self) -> None:
        RAN.append("late")
        raise Snooze(30)


def note_error(error, context):
    TOLD.append((type(error).__name__, context["attempt"], context["outcome"]))


def note_death(job, error):
    TOLD.append(("death", type(error).__name__))


@pytest.fixture(autouse=True)
def fake():
    RAN.clear()
    TOLD.clear()
    with mode("fake"):
        yield


def test_scheduled_job_waits_or_runs_at_once():
    NoteJob.using(run_after=HOUR).enqueue("later")
    NoteJob.enqueue("now")

    assert run() == 1
    assert RAN == ["now"]
    assert_enqueued(NoteJob, args=["later"], run_after=HOUR)
    assert run(scheduled=True) == 1
    assert RAN == ["now", "later"]


def test_scheduled_job_that_is_due_is_not_left():
    NoteJob.using(run_after=timedelta(0)).enqueue("now")

    assert run() == 1


def test_job_that_enqueues_itself_ends_with_what_to_do(monkeypatch):
    monkeypatch.setattr(draining, "MOST_RUNS", 20)
    AgainJob.enqueue()

    with pytest.raises(AssertionError, match=r"AgainJob.*drain\(\) without scheduled=True"):
        run(scheduled=True)
    assert run() == 0

    AgainJob.enqueue()
    assert run() == 1


def test_snoozed_job_is_scheduled_again_and_waits_for_the_next_drain():
    LateJob.enqueue()

    assert run(scheduled=True) == 1
    assert_enqueued(LateJob, run_after=timedelta(seconds=30), count=1)
    assert run() == 0
    pass_time(timedelta(seconds=30))
    assert run() == 1
    assert RAN == ["late", "late"]


def test_declared_transient_error_is_raised_as_it_is():
    CourierJob.enqueue(1)

    with pytest.raises(CourierDown, match="attempt 1"):
        run()
    with pytest.raises(CourierDown, match="attempt 1"):
        CourierJob.perform_now(1)
    with pytest.raises(CourierDown, match="attempt 1"):
        run_inline()


@pytest.mark.parametrize("is_retried", [False, True])
def test_error_surfaces_as_itself_with_its_own_traceback(is_retried):
    CourierJob.enqueue(99)

    with pytest.raises(CourierDown) as raised:
        run(retries=is_retried)

    *_, innermost = raised.traceback
    assert (innermost.name, innermost.path.name) == ("perform", "test_draining.py")
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


def test_fault_in_on_exhausted_surfaces_and_the_job_is_dead_all_the_same():
    enqueued = ClumsyJob.enqueue()

    with pytest.raises(ZeroDivisionError):
        run(retries=True)

    with pytest.raises(JobDied, match="no stock"):
        enqueued.result()
    assert run() == 0


def run_inline():
    with mode("inline"):
        CourierJob.enqueue(1)


def test_retries_are_played_until_the_job_is_done():
    CourierJob.enqueue(2)

    assert run(retries=True) == 3
    assert [attempt for attempt, _ in RAN] == [1, 2, 3]
    assert_nothing_enqueued()
    assert TOLD == []


def test_retry_has_the_arguments_that_were_enqueued():
    CourierJob.enqueue(1, {"weight": 1})

    run(retries=True)

    assert [parcel for _, parcel in RAN] == [{"weight": 2}, {"weight": 2}]


def test_job_without_retries_left_ends_with_its_hook_and_its_error(settings):
    settings.JOBS = {
        **settings.JOBS,
        "ERROR_HANDLERS": [f"{__name__}.note_error"],
        "DEATH_HANDLERS": [f"{__name__}.note_death"],
    }
    CourierJob.enqueue(99)
    NoteJob.enqueue("other")

    with pytest.raises(CourierDown, match="attempt 4") as raised:
        run(CourierJob, retries=True)

    *failures, exhausted, death = TOLD
    assert failures == [
        ("TransientError", 1, "job.retried"),
        ("TransientError", 2, "job.retried"),
        ("TransientError", 3, "job.retried"),
        ("TransientError", 4, "job.dead"),
    ]
    assert (exhausted, death) == (raised.value, ("death", "TransientError"))
    assert [payload.args for payload in enqueued_jobs()] == [["other"]]


def test_setting_limits_the_retries_of_a_class_that_does_not(settings):
    settings.JOBS = {**settings.JOBS, "MAX_RETRIES": 1}

    class PlainJob(NoteJob):
        def perform(self, what: object) -> None:
            RAN.append(self.attempt)
            raise JobsError

    PlainJob.enqueue(1)

    with pytest.raises(JobsError):
        run(retries=True)
    assert RAN == [1, 2]


def test_time_passes_between_the_retries():
    PatientJob.enqueue()
    with pytest.raises(CourierDown):
        run(retries=True)
    assert 5 < len(RAN) < 25  # the pauses grow: two days are a handful of them
    RAN.clear()

    ExpiringJob.enqueue()
    run(retries=True)
    assert RAN == [1, 2, 3]  # the fourth would be 1 h 25 min late


def test_retry_in_is_asked():
    PickyJob.enqueue()

    with pytest.raises(CourierDown):
        run(retries=True)

    assert RAN == [1, 2]


def test_run_is_not_ended_at_its_limit_but_sees_what_remains():
    LongJob.enqueue()

    assert run() == 1

    assert RAN == [0.0]


def test_run_that_was_struck_has_failed_like_any_other():
    LongJob.enqueue(is_struck=True)

    with pytest.raises(TimeLimitExceeded, match=r"0\.001 s"):
        run(retries=True)

    assert len(RAN) == 2
