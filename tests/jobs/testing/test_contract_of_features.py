"""One contract for collected jobs and for Redis: results, progress, bounds and schedules."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

import jobs
from jobs import (
    Cron,
    Every,
    Job,
    JobDied,
    JobGone,
    KeepsNoResult,
    QueueFull,
    ResultTimeout,
    Unique,
)
from jobs.fragment import state_of
from jobs.testing import upcoming_ticks

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RAN: list[Any] = []


class CopyJob(Job):
    keep_result_for = HOUR
    max_retries = 1

    def perform(self, files: int, *, is_broken: bool = False) -> tuple[int, str]:
        RAN.append(state_of(self.job_id).place)
        for done in range(files + 1):
            self.progress(done, 4, f"file {done}")
        if is_broken:
            raise ValueError("the disk is full")
        return files, "copied"

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 60.0


class LostJob(Job):
    keep_result_for = HOUR

    def perform(self) -> set[int]:
        return {1}


class SilentJob(Job):
    def perform(self) -> None:
        self.progress(1, 2)


class ImportJob(Job):
    queue = "imports"
    max_retries = 1

    def perform(self, row: int, *, is_broken: bool = False, more: int = 0) -> None:
        if is_broken:
            raise ValueError(row)
        for n in range(more):
            try:
                ImportJob.enqueue(n)
            except QueueFull as full:
                RAN.append(full.size)

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 60.0


class OneImportJob(ImportJob):
    unique = Unique(by=("row",))


class Noting(Job):
    def perform(self, what: str = "") -> None:
        scheduled_at = self.scheduled_at.timestamp() if self.scheduled_at else None
        RAN.append((what, scheduled_at, self.missed, self.queue))


class MinutelyJob(Noting):
    schedule = Every(MINUTE, args=["skip"])


class WaitingJob(Noting):
    schedule = Every(MINUTE, args=["one"], overlap="one_waiting")


class AllowedJob(Noting):
    schedule = Every(MINUTE, args=["allow"], overlap="allow")


class NewestJob(Noting):
    schedule = Every(MINUTE, args=["cancel"], overlap="cancel_other")


class TwiceJob(Noting):
    queue = "imports"
    priority = 7
    schedule = (
        Cron("15 * * * *", timezone="Europe/Berlin", args=["quarter"], name="quarter"),
        Cron("30 * * * *", kwargs={"what": "half"}, name="half"),
    )


@pytest.fixture(autouse=True)
def nothing_ran(settings):
    RAN.clear()
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"imports": 3}}


# Results and progress


def test_result_has_gone_through_json(side):
    enqueued = CopyJob.enqueue(2)
    side.run()

    assert enqueued.result() == jobs.result(enqueued.id) == [2, "copied"]
    assert state_of(enqueued.id).place == "done"


def test_result_that_is_no_json_is_lost_and_that_is_told(side):
    enqueued = LostJob.enqueue()
    side.run()

    with pytest.raises(KeepsNoResult, match="a value of type set is no JSON"):
        enqueued.result()


def test_result_that_is_not_there_yet_says_where_its_job_is(side):
    now, later = CopyJob.enqueue(1), CopyJob.using(run_after=HOUR).enqueue(1)

    with pytest.raises(ResultTimeout) as waits:
        now.result(timeout=0)
    with pytest.raises(ResultTimeout) as is_scheduled:
        later.result(timeout=0)

    assert (waits.value.place, is_scheduled.value.place) == ("ready", "scheduled")


def test_job_sees_itself_running(side):
    CopyJob.enqueue(1)

    side.run()

    assert RAN == ["running"]


def test_progress_stays_with_a_job_that_is_tried_again_and_with_one_that_died(side):
    enqueued = CopyJob.enqueue(3, is_broken=True)
    assert state_of(enqueued.id).progress is None

    side.run()
    seen = state_of(enqueued.id)
    assert (seen.place, seen.progress.done, seen.progress.note) == ("retry", 3, "file 3")

    side.pass_time(MINUTE)
    side.run()
    seen = state_of(enqueued.id)
    assert (seen.place, seen.progress.percent) == ("dead", 75)
    with pytest.raises(JobDied, match="the disk is full"):
        jobs.result(enqueued.id)


def test_progress_goes_with_a_job_whose_result_nobody_keeps(side):
    enqueued = SilentJob.enqueue()

    side.run()

    assert (state_of(enqueued.id).place, state_of(enqueued.id).progress) == ("gone", None)
    with pytest.raises(JobGone):
        jobs.result(enqueued.id)


def test_progress_stays_as_long_as_the_result(side):
    enqueued = CopyJob.enqueue(4)
    side.run()
    assert state_of(enqueued.id).progress.is_complete

    side.pass_time(HOUR)
    side.run()

    assert (state_of(enqueued.id).place, state_of(enqueued.id).progress) == ("gone", None)


# Bounds


def test_what_waits_or_is_to_be_tried_again_fills_a_queue(side):
    ImportJob.enqueue(1, is_broken=True)
    ImportJob.using(run_after=HOUR).enqueue(2)
    side.run()
    ImportJob.enqueue(3)

    with pytest.raises(QueueFull) as full:
        ImportJob.enqueue(4)

    assert (full.value.size, full.value.limit) == (3, 3)


def test_what_is_done_or_dead_makes_room(side):
    ImportJob.enqueue_many([{"row": 1, "is_broken": True}, (2,), (3,)])
    side.run()
    side.pass_time(MINUTE)
    side.run()

    ImportJob.enqueue_many([(4,), (5,), (6,)])

    assert side.kept() == [[4], [5], [6]]


def test_running_job_counts(side):
    ImportJob.enqueue(1, more=3)

    side.run()

    assert RAN == [3]


def test_batch_that_does_not_fit_stays_out_and_a_duplicate_needs_no_room(side):
    first = OneImportJob.enqueue(1)
    with pytest.raises(QueueFull) as full:
        OneImportJob.enqueue_many([(2,), (3,), (4,)])
    assert (full.value.pushed, side.kept()) == (0, [[1]])

    OneImportJob.enqueue_many([(2,), (3,)])

    assert OneImportJob.enqueue(1).id == first.id


# Schedules


def ticks_of(job_class, within=HOUR):
    """Return ticks of the past, at which a real supervisor may fire."""
    return upcoming_ticks(within, start=timezone.now() - 2 * HOUR, job_class=job_class)


def test_job_of_a_tick_knows_its_moment_and_has_what_the_schedule_says(side):
    ticks = ticks_of(TwiceJob)

    for tick in ticks:
        side.fire(tick)
    side.run()

    what_of = [(tick.name.rpartition(":")[2], tick.at.timestamp()) for tick in ticks]
    assert sorted(what for what, _ in what_of) == ["half", "quarter"]
    assert [(what, at, 0, "imports") for what, at in what_of] == RAN


@pytest.mark.parametrize(
    ("job_class", "fired"),
    [(MinutelyJob, [0]), (WaitingJob, [0]), (AllowedJob, [0, 1, 2]), (NewestJob, [2])],
)
def test_tick_that_meets_the_job_before_it_does_what_its_overlap_says(side, job_class, fired):
    ticks = ticks_of(job_class)[:3]

    for tick in ticks:
        side.fire(tick)
    side.run()

    assert [ran[1] for ran in RAN] == [ticks[n].at.timestamp() for n in fired]


def test_tick_after_the_end_of_the_job_before_it_fires(side):
    for tick in ticks_of(MinutelyJob)[:3]:
        side.fire(tick)
        side.run()

    assert len(RAN) == 3


def test_tick_fires_once(side):
    [tick, *_] = ticks_of(AllowedJob)

    side.fire(tick)
    side.fire(tick)
    side.run()

    assert len(RAN) == 1
