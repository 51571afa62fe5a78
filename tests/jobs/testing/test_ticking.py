"""Which schedules fire in a time to come, one by one."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs import Cron, Every, Job
from jobs.testing import (
    assert_enqueued,
    assert_nothing_enqueued,
    capture_jobs,
    drain,
    mode,
    ticking,
    upcoming_ticks,
)

START = datetime(2026, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RAN: list[object] = []


class QuarterJob(Job):
    schedule = Every(timedelta(minutes=15))

    def perform(self) -> None:
        RAN.append(self.scheduled_at)


class NightlyJob(Job):
    schedule = (
        Cron("30 1 * * *", timezone="Europe/Berlin", name="german"),
        Cron("30 0 * * *", timezone="UTC", name="utc"),
    )

    def perform(self) -> None:
        """Do nothing."""


class SpreadJob(QuarterJob):
    schedule = Every(timedelta(minutes=15), jitter=HOUR)


@pytest.fixture(autouse=True)
def fake():
    RAN.clear()
    with mode("fake"):
        yield


def test_hour_to_come_has_its_ticks_in_their_order():
    ticks = upcoming_ticks(HOUR, start=START)
    mine = [tick for tick in ticks if tick.job_class in {QuarterJob, NightlyJob}]

    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)
    assert [(tick.at - START, tick.job_class) for tick in mine] == [
        (timedelta(minutes=15), QuarterJob),
        (timedelta(minutes=30), NightlyJob),
        (timedelta(minutes=30), NightlyJob),
        (timedelta(minutes=30), QuarterJob),
        (timedelta(minutes=45), QuarterJob),
        (HOUR, QuarterJob),
    ]
    german, utc = [tick for tick in mine if tick.job_class is NightlyJob]
    assert (german.name, str(german.at)) == (
        f"{__name__}.NightlyJob:german",
        "2026-12-01 01:30:00+01:00",
    )
    assert (utc.name, str(utc.at)) == (f"{__name__}.NightlyJob:utc", "2026-12-01 00:30:00+00:00")


def test_time_begins_now_unless_the_test_says_otherwise():
    [tick] = upcoming_ticks(timedelta(minutes=15), job_class=QuarterJob)

    assert timedelta(0) <= tick.at - datetime.now(UTC) <= timedelta(minutes=15)


def test_nothing_fires_by_itself():
    upcoming_ticks(HOUR, job_class=QuarterJob)

    assert_nothing_enqueued()


def test_tick_that_fires_is_collected_and_runs_at_once_with_its_own_moment():
    with capture_jobs() as captured:
        for tick in upcoming_ticks(HOUR, start=START, job_class=QuarterJob):
            assert tick.fire() is not None
            assert tick.fire() is None  # its job has not ended
            drain()

    minutes = [timedelta(minutes=15 * n) for n in (1, 2, 3, 4)]
    assert [START + each for each in minutes] == RAN
    assert len(captured) == 4


def test_jitter_puts_the_job_off_from_now():
    for tick in upcoming_ticks(HOUR, start=START, job_class=SpreadJob)[:1]:
        tick.fire()

    [payload] = assert_enqueued(SpreadJob)
    assert payload.run_after is not None
    assert 0 < payload.run_after - payload.enqueued_at <= 3600
    assert drain() == 0


def test_more_ticks_than_anybody_reads_are_refused(monkeypatch):
    monkeypatch.setattr(ticking, "MOST_TICKS", 3)

    assert len(upcoming_ticks(timedelta(minutes=45), start=START, job_class=QuarterJob)) == 3
    with pytest.raises(AssertionError, match=r"More than 3 ticks come within 1:00:00"):
        upcoming_ticks(HOUR, start=START, job_class=QuarterJob)
