"""The modes of a test: collected, run at once, or really pushed."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

import jobs
from jobs import Discard, InvalidArguments, Job, Middleware, Snooze
from jobs.testing import assert_enqueued, assert_nothing_enqueued, clear, drain, enqueued_jobs, mode
from tests.jobs.testing.noted import RAN, NoteJob


class ParentJob(Job):
    def perform(self) -> None:
        RAN.append("parent")
        NoteJob.enqueue("child")


class AsyncNoteJob(Job):
    async def perform(self, what: object) -> None:
        RAN.append(what)


class FailingJob(Job):
    def perform(self) -> None:
        raise ValueError("broken")


class PutOffJob(Job):
    def perform(self, error: str) -> None:
        raise {"snooze": Snooze(5), "discard": Discard("pointless")}[error]


class MarkingMiddleware(Middleware):
    def enqueue(self, payload):
        return payload.changed(context={"marked": True})

    def perform(self, job, call_next):
        RAN.append(f"around, {job.context}")
        return call_next()


class VetoMiddleware(Middleware):
    def enqueue(self, payload):
        return None


def enqueue_and_roll_back():
    with transaction.atomic():
        NoteJob.enqueue("dropped")
        raise ZeroDivisionError


@pytest.fixture(autouse=True)
def nothing_ran():
    RAN.clear()


@pytest.fixture
def fake():
    with mode("fake"):
        yield


def test_fake_collects_and_drain_runs(fake, store):
    enqueued = NoteJob.using(queue="low").enqueue({"a": [1]})

    assert RAN == []
    assert [p.id for p in enqueued_jobs(NoteJob)] == [enqueued.id]
    assert store.client.keys("*") == []
    assert drain() == 1
    assert RAN == [{"a": [1]}]
    assert_nothing_enqueued()


def test_drain_runs_what_the_jobs_enqueue_and_can_keep_to_one_class(fake):
    ParentJob.enqueue()

    assert drain(ParentJob) == 1
    assert RAN == ["parent"]
    assert_enqueued(NoteJob, args=["child"])
    assert drain() == 1
    assert RAN == ["parent", "child"]


def test_drain_raises_the_error_of_a_job_and_keeps_the_others(fake):
    FailingJob.enqueue()
    NoteJob.enqueue(1)

    with pytest.raises(ValueError, match="broken"):
        drain()

    assert_nothing_enqueued(FailingJob)
    assert_enqueued(NoteJob)


@pytest.mark.parametrize("error", ["snooze", "discard"])
def test_snooze_and_discard_are_no_failures(fake, error):
    PutOffJob.enqueue(error)

    assert drain() == 1


def test_clear_forgets(fake):
    NoteJob.enqueue(1)

    clear()

    assert_nothing_enqueued()


def test_inline_runs_at_once_inside_a_transaction_that_never_commits(db):
    with mode("inline"), transaction.atomic():
        NoteJob.enqueue(1)
        AsyncNoteJob.enqueue(2)

        assert RAN == [1, 2]


def test_real_pushes_to_redis(store):
    with mode("real"):
        NoteJob.enqueue(1)

    assert store.client.zcard(store.keys("default").ready) == 1


@pytest.mark.parametrize("name", ["fake", "inline"])
def test_arguments_are_checked_and_go_through_json_in_every_mode(name):
    given = {"list": [1]}

    with mode(name):
        with pytest.raises(InvalidArguments):
            NoteJob.enqueue((1, 2))
        NoteJob.enqueue(given)
        if name == "fake":
            drain()

    assert [given] == RAN
    assert RAN[0] is not given


@pytest.mark.parametrize("name", ["fake", "inline"])
def test_middleware_takes_part_in_every_mode(settings, name):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": [f"{__name__}.MarkingMiddleware"]}

    with mode(name):
        NoteJob.enqueue(1)
        if name == "fake":
            drain()

    assert RAN == ["around, {'marked': True}", 1]


def test_veto_is_respected(settings, fake):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": [f"{__name__}.VetoMiddleware"]}

    assert NoteJob.enqueue(1).is_vetoed
    assert_nothing_enqueued()


def test_job_of_a_rolled_back_savepoint_is_gone(db, fake):
    with transaction.atomic():
        NoteJob.enqueue("kept")
        with pytest.raises(ZeroDivisionError):
            enqueue_and_roll_back()

    assert [p.args for p in enqueued_jobs()] == [["kept"]]


@pytest.mark.django_db(transaction=True)
def test_job_of_a_rolled_back_transaction_is_gone(fake):
    with pytest.raises(ZeroDivisionError):
        enqueue_and_roll_back()
    with transaction.atomic():
        NoteJob.enqueue("kept")

    assert [p.args for p in enqueued_jobs()] == [["kept"]]


def test_modes_nest_and_restore(fake):
    NoteJob.enqueue("outer")
    with mode("fake"):
        assert_nothing_enqueued()
        NoteJob.enqueue("inner")

    assert [p.args for p in enqueued_jobs()] == [["outer"]]


def test_unknown_mode_is_named():
    with pytest.raises(ValueError, match="fake, inline and real"), mode("eager"):
        pass


def test_drain_outside_of_fake_mode_says_what_to_do():
    with mode("inline"), pytest.raises(AssertionError, match="fake mode only"):
        drain()


def test_failed_assertions_show_what_was_collected(fake):
    NoteJob.using(queue="low").enqueue(1)

    with pytest.raises(
        AssertionError,
        match=r"Expected at least one NoteJob\(args=\[2\]\), found 0(.|\n)*args=\[1\]",
    ):
        assert_enqueued(NoteJob, args=[2])
    with pytest.raises(AssertionError, match="queue='high'"):
        assert_enqueued(NoteJob, queue="high")
    with pytest.raises(AssertionError, match="Expected 2"):
        assert_enqueued(NoteJob, count=2)
    with pytest.raises(AssertionError, match="Expected no NoteJob"):
        assert_nothing_enqueued(NoteJob)
    assert len(assert_enqueued(NoteJob, args=(1,), kwargs={}, queue="low", count=1)) == 1


def test_moment_and_key_of_a_job_are_compared(fake):
    hour, day = timedelta(hours=1), timezone.now() + timedelta(days=1)
    NoteJob.using(run_after=hour, key="order 7").enqueue(1)
    NoteJob.using(run_after=day).enqueue(2)

    assert_enqueued(NoteJob, args=[1], at=timezone.now() + hour, unique="order 7")
    assert_enqueued(NoteJob, args=[2], at=day, unique=False)
    [found] = assert_enqueued(NoteJob, unique=True, count=1)
    assert found.args == [1]
    with pytest.raises(AssertionError, match=r"(?s)unique='order 8'\), found 0\..*unique=True"):
        assert_enqueued(NoteJob, unique="order 8")
    with pytest.raises(AssertionError, match="found 0"):
        assert_enqueued(NoteJob, args=[2], at=day + hour)
    with pytest.raises(InvalidArguments, match="a timedelta is a run_after"):
        assert_enqueued(NoteJob, at=hour)
    with pytest.raises(InvalidArguments, match=r"assert_enqueued\(\): run_after .* aware"):
        assert_enqueued(NoteJob, at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_time_of_a_scheduled_job_is_compared(fake):
    hour = timedelta(hours=1)
    NoteJob.using(run_after=hour).enqueue(1)
    NoteJob.enqueue(2)

    [found] = assert_enqueued(NoteJob, run_after=hour, count=1)
    assert found.args == [1]
    assert_enqueued(NoteJob, args=[1], run_after=timezone.now() + hour)
    assert_enqueued(NoteJob, args=[2], run_after=timedelta(0))
    with pytest.raises(AssertionError, match=r"(?s)found 0\..*1:00:00 after the enqueue"):
        assert_enqueued(NoteJob, args=[1], run_after=hour + timedelta(seconds=5))
    with pytest.raises(InvalidArguments, match=r"assert_enqueued\(\): run_after .* aware"):
        assert_enqueued(NoteJob, run_after=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("name", ["fake", "inline"])
def test_locks_and_limits_need_no_redis(name, settings):
    settings.JOBS = {**settings.JOBS, "REDIS_URL": "redis://127.0.0.1:1/0"}

    with mode(name):
        with jobs.lock("report") as held, jobs.limit("gateway", 2), jobs.limit("gateway", 2):
            assert held.fence == 1
            with pytest.raises(jobs.LockNotAcquired), jobs.lock("report"):
                pass
        with mode("real"), pytest.raises(jobs.StoreUnavailable), jobs.lock("report"):
            pass
