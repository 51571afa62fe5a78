"""One contract for collected jobs and for Redis: what comes when, and how often."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import Discard, Job, JobDied, JobGone, Retry, Snooze
from jobs.fragment import state_of
from tests.jobs.testing.noted import RAN, NoteJob

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TOLD: list[object] = []


class CourierDown(Exception):
    """An error of a project, declared as transient."""


class CourierJob(Job):
    """Fails so often, and says how long it waits after each failure."""

    transient_errors = (CourierDown,)
    max_retries = 2
    keep_result_for = HOUR

    def perform(self, failures: int) -> str:
        RAN.append(self.attempt)
        if self.attempt <= failures:
            raise CourierDown(f"attempt {self.attempt}")
        return "sent"

    def retry_in(self, attempt: int, error: BaseException) -> float | Retry | None:
        return 60.0 * attempt

    def on_exhausted(self, error: BaseException) -> None:
        TOLD.append(str(error))


class ExitJob(Job):
    max_retries = 1

    def perform(self) -> None:
        RAN.append(self.attempt)
        raise SystemExit(3)


class CancelledJob(Job):
    max_retries = 1

    async def perform(self) -> None:
        RAN.append(self.attempt)
        raise asyncio.CancelledError


class ImpatientJob(Job):
    retry_for = HOUR

    def perform(self) -> None:
        RAN.append(self.attempt)
        raise CourierDown

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 25 * 60.0


class ForgottenJob(CourierJob):
    max_retries = 0
    dead = False


class KillingJob(CourierJob):
    def retry_in(self, attempt: int, error: BaseException) -> float | Retry | None:
        return Retry.KILL


class ReminderJob(Job):
    expires_in = HOUR

    def perform(self, what: str) -> None:
        RAN.append(what)
        if what == "snooze":
            raise Snooze(50 * 60)
        if what == "discard":
            raise Discard("pointless")


@pytest.fixture(autouse=True)
def nothing_ran():
    RAN.clear()
    TOLD.clear()


def test_scheduled_job_waits_for_its_time(side):
    enqueued = NoteJob.using(run_after=HOUR).enqueue("later")

    side.pass_time(59 * MINUTE)
    side.run()
    assert (RAN, state_of(enqueued.id).place) == ([], "scheduled")

    side.pass_time(MINUTE)
    side.run()
    assert (RAN, state_of(enqueued.id).place) == (["later"], "gone")


def test_fixed_moment_comes_when_so_much_time_has_passed(side):
    NoteJob.using(run_after=timezone.now() + HOUR).enqueue("later")

    side.pass_time(59 * MINUTE)
    side.run()
    assert RAN == []

    side.pass_time(MINUTE)
    side.run()
    assert RAN == ["later"]


def test_what_is_enqueued_after_that_has_a_time_of_its_own(side):
    side.pass_time(24 * HOUR)
    NoteJob.using(run_after=HOUR).enqueue("relative")
    NoteJob.using(run_after=timezone.now() + HOUR).enqueue("fixed")

    side.run()
    assert RAN == []

    side.pass_time(HOUR)
    side.run()
    assert set(RAN) == {"fixed", "relative"}


def test_highest_priority_comes_first_and_then_who_was_due_first(side):
    NoteJob.using(run_after=2 * MINUTE).enqueue("second")
    NoteJob.using(run_after=MINUTE).enqueue("first")
    NoteJob.using(run_after=3 * MINUTE, priority=1).enqueue("high")
    NoteJob.using(priority=-1).enqueue("low")

    side.pass_time(HOUR)
    side.run()

    assert RAN == ["high", "first", "second", "low"]


def test_each_retry_waits_for_its_delay(side):
    enqueued = CourierJob.enqueue(2)

    side.run()
    assert (RAN, state_of(enqueued.id).place) == ([1], "retry")
    side.pass_time(59 * timedelta(seconds=1))
    side.run()
    assert RAN == [1]

    side.pass_time(timedelta(seconds=1))
    side.run()
    assert RAN == [1, 2]
    side.pass_time(MINUTE)
    side.run()
    assert RAN == [1, 2]

    side.pass_time(MINUTE)
    side.run()
    assert (RAN, enqueued.result(), TOLD) == ([1, 2, 3], "sent", [])


def test_job_that_has_no_retry_left_is_dead_and_was_told(side):
    enqueued = CourierJob.enqueue(9)

    for _ in range(5):
        side.run()
        side.pass_time(HOUR)

    assert (RAN, TOLD) == ([1, 2, 3], ["attempt 3"])
    assert state_of(enqueued.id).place == "dead"
    with pytest.raises(JobDied, match="CourierDown: attempt 3"):
        enqueued.result()


@pytest.mark.parametrize(("job_class", "place"), [(ForgottenJob, "gone"), (KillingJob, "dead")])
def test_job_that_gives_up_ends_where_it_says(side, job_class, place):
    enqueued = job_class.enqueue(9)

    side.run()

    assert (RAN, TOLD, state_of(enqueued.id).place) == ([1], ["attempt 1"], place)


def test_retries_end_when_their_time_is_over(side):
    enqueued = ImpatientJob.enqueue()

    for _ in range(5):
        side.run()
        side.pass_time(25 * MINUTE)

    assert RAN == [1, 2, 3, 4]  # 0, 25, 50 and 75 minutes after the first failure
    assert state_of(enqueued.id).place == "dead"


@pytest.mark.parametrize("run_after", [timedelta(0), HOUR])
@pytest.mark.parametrize(("late", "ran"), [(HOUR - MINUTE, ["it"]), (HOUR + MINUTE, [])])
def test_job_that_comes_too_late_expires(side, run_after, late, ran):
    enqueued = ReminderJob.using(run_after=run_after).enqueue("it")

    side.pass_time(run_after + late)
    side.run()

    assert ran == RAN
    assert state_of(enqueued.id).place == "gone"


def test_snoozed_job_waits_and_may_expire_meanwhile(side):
    enqueued = ReminderJob.enqueue("snooze")

    side.run()
    side.pass_time(49 * MINUTE)
    side.run()
    assert (RAN, state_of(enqueued.id).place) == (["snooze"], "retry")

    side.pass_time(MINUTE)
    side.run()
    assert RAN == ["snooze", "snooze"]
    side.pass_time(50 * MINUTE)  # more than an hour after it was due first
    side.run()
    assert (RAN, state_of(enqueued.id).place) == (["snooze", "snooze"], "gone")


def test_job_that_was_discarded_is_gone(side):
    enqueued = ReminderJob.enqueue("discard")

    side.run()

    assert state_of(enqueued.id).place == "gone"


def test_result_is_kept_for_its_time(side):
    enqueued = CourierJob.enqueue(0)
    side.run()

    side.pass_time(59 * MINUTE)
    assert enqueued.result() == "sent"

    side.pass_time(MINUTE)
    side.run()  # Redis drops what is over when a worker asks
    with pytest.raises(JobGone):
        enqueued.result()


@pytest.mark.parametrize("job_class", [ExitJob, CancelledJob])
def test_job_that_exits_or_is_cancelled_has_failed_like_any_other(side, job_class):
    job_class.enqueue()

    side.run()
    assert (RAN, side.kept()) == ([1], [[]])
    side.pass_time(HOUR)
    side.run()
    assert (RAN, side.kept()) == ([1, 2], [])
