"""`run_next` and `pass_time`: retries one by one, with their delays."""

import asyncio
import time
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from jobs import Discard, Job, JobGone, Snooze
from jobs.testing import assert_enqueued, assert_nothing_enqueued, drain, mode, pass_time, run_next
from tests.jobs.testing.noted import RAN, NoteJob

MINUTE = timedelta(minutes=1)


class CourierDown(Exception):
    """An error of a project, declared as transient."""


class CoroutineJob(Job):
    async def perform(self) -> None:
        """Do nothing."""


class CourierJob(Job):
    transient_errors = (CourierDown,)
    max_retries = 2

    def perform(self, failures: int) -> None:
        RAN.append(self.attempt)
        self.progress(self.attempt, 3)
        if self.attempt <= failures:
            raise CourierDown(f"attempt {self.attempt}")

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 0.1 + 60 * attempt


class EndingJob(Job):
    max_retries = 0
    expires_in = MINUTE

    def perform(self, how: str) -> None:
        RAN.append(how)
        if how == "fail":
            raise ValueError(how)
        raise {"snooze": Snooze(5), "discard": Discard("pointless")}[how]


@pytest.fixture(autouse=True)
def fake():
    RAN.clear()
    with mode("fake"):
        yield


def test_retries_are_played_one_by_one():
    CourierJob.enqueue(9)
    first = run_next(CourierJob)

    assert (first.ending, first.attempt, str(first.error)) == ("retried", 1, "attempt 1")
    assert type(first.error) is CourierDown
    assert (first.retry_in, first.progress.done) == (timedelta(seconds=60.1), 1)
    assert run_next(CourierJob) is None
    assert_enqueued(CourierJob, run_after=first.retry_in)

    pass_time(first.retry_in)
    second = run_next(CourierJob)
    assert (second.ending, second.retry_in) == ("retried", timedelta(seconds=120.1))

    pass_time(second.retry_in)
    last = run_next(CourierJob)
    assert (last.ending, last.attempt, last.retry_in) == ("dead", 3, None)
    assert RAN == [1, 2, 3]
    assert_nothing_enqueued()


def test_job_that_goes_well_in_the_end_is_done():
    CourierJob.enqueue(1)

    pass_time(run_next().retry_in)
    run = run_next()

    assert (run.ending, run.attempt, run.error, run.retry_in) == ("done", 2, None, None)


@pytest.mark.parametrize(
    ("how", "ending"), [("fail", "dead"), ("snooze", "snoozed"), ("discard", "pointless")]
)
def test_each_ending_has_its_word(how, ending):
    EndingJob.enqueue(how)

    assert run_next().ending == ending


def test_job_that_came_too_late_has_not_run():
    EndingJob.using(dead=False).enqueue("fail")
    assert run_next().ending == "discarded"
    EndingJob.enqueue("fail")
    RAN.clear()

    pass_time(2 * MINUTE)

    assert run_next().ending == "expired"
    assert RAN == []


def test_next_one_is_of_one_class_or_of_all():
    NoteJob.enqueue(1)
    CourierJob.enqueue(0)

    run_next(CourierJob)
    assert RAN == [1]
    RAN.clear()
    run_next()
    assert RAN == [1]
    assert run_next() is None


def test_times_are_shown_as_they_were_asked_for_however_old_the_job_is():
    NoteJob.using(run_after=timedelta(hours=1)).enqueue(1)

    pass_time(timedelta(minutes=59))

    [payload] = assert_enqueued(NoteJob, run_after=timedelta(hours=1))
    assert payload.run_after == pytest.approx(payload.enqueued_at + 3600, abs=1)


def test_tool_that_moves_the_clock_of_the_process_moves_the_jobs_too(monkeypatch):
    later = NoteJob.using(run_after=MINUTE, keep_result_for=MINUTE).enqueue(1)
    assert run_next() is None
    real = time.time

    monkeypatch.setattr(time, "time", lambda: real() + 60)
    assert run_next().ending == "done"
    assert later.result() is None
    monkeypatch.setattr(time, "time", lambda: real() + 120)

    with pytest.raises(JobGone):
        later.result()


def test_time_passes_forwards_only_and_not_in_redis():
    with pytest.raises(ValueError, match="forwards only"):
        pass_time(-MINUTE)
    with mode("real"), pytest.raises(AssertionError, match="Redis has its own clock"):
        pass_time(MINUTE)
    with mode("inline"), pytest.raises(AssertionError, match="fake mode only"):
        run_next()


@pytest.mark.parametrize("play", [drain, run_next])
def test_coroutine_in_an_async_test_is_told_of_the_thread_that_it_needs(play):
    CoroutineJob.enqueue()

    async def test() -> None:
        play()

    with pytest.raises(AssertionError, match=r"CoroutineJob .* await sync_to_async\(drain\)\(\)"):
        asyncio.run(test())


def test_coroutine_runs_in_a_thread_of_an_async_test():
    CoroutineJob.enqueue()

    async def test() -> int:
        return await sync_to_async(drain)()

    assert asyncio.run(test()) == 1
