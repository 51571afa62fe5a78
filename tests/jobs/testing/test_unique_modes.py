"""Unique jobs behave in fake mode as they do in Redis."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction

from jobs import DuplicateJob, Job, Snooze, Unique
from jobs.testing import clear, drain, enqueued_jobs, mode
from tests.jobs.enqueued import arguments
from tests.jobs.store.sample_queue import SampleQueue
from tests.waiting import wait_until

HOUR = timedelta(hours=1)
RAN: list[object] = []


class DoneJob(Job):
    unique = Unique(by=("row",))

    def perform(self, row: int, what: str = "") -> None:
        RAN.append((row, what))
        if what == "again":
            RAN.append(DoneJob.enqueue(row).is_duplicate)
        if what == "fail":
            raise ValueError(row)
        if what == "snooze":
            raise Snooze(60)


class StartJob(DoneJob):
    unique = Unique(by=("row",), until="start")

    def perform(self, row: int, what: str = "") -> None:
        RAN.append((row, what))
        if what == "again":
            RAN.append(StartJob.enqueue(row).is_duplicate)


class WindowJob(DoneJob):
    unique = Unique(by=("row",), until=HOUR)


class RaisingJob(DoneJob):
    unique = Unique(by=("row",), on_conflict="raise")


class NewestJob(DoneJob):
    unique = Unique(by=("row",), on_conflict="replace")


class QuietJob(DoneJob):
    unique = Unique(by=("row",), on_conflict="debounce", delay=HOUR, max_wait=2 * HOUR)


class BriefJob(DoneJob):
    unique = Unique(by=("row",))
    expires_in = timedelta(milliseconds=1)


class PlainJob(Job):
    def perform(self, row: int) -> None:
        RAN.append(row)


class Fake:
    """Jobs that a test collected."""

    def kept(self):
        return [payload.args for payload in enqueued_jobs()]

    def run(self):
        drain()

    def die(self):
        with suppress(ValueError):
            drain()


class Real:
    """Jobs in Redis, and a worker that only takes and ends them."""

    def __init__(self, store):
        self.q = SampleQueue(store, "default")

    def kept(self):
        return arguments(self.q.store)

    def run(self):
        self._make_due()
        self.q.take("w", 0, finished=self.q.take("w", 100))

    def die(self):
        self._make_due()
        for job_id in self.q.take("w", 100):
            self.q.store.running.fail("default", self.q.token(job_id), job_id, b"{}", "dead")

    def _make_due(self):
        self.q.store.sets.move("default", "scheduled", "ready", self.q.ids("scheduled"))


@pytest.fixture(autouse=True)
def nothing_ran():
    RAN.clear()


@pytest.fixture(params=["fake", "real"])
def jobs_of(request, store):
    with mode(request.param):
        yield Fake() if request.param == "fake" else Real(store)


def test_second_job_is_a_duplicate_until_the_first_is_done(jobs_of):
    first = DoneJob.enqueue(1)
    again = DoneJob.enqueue(1, "other")
    DoneJob.enqueue(2)

    assert (again.id, again.is_duplicate) == (first.id, True)
    assert jobs_of.kept() == [[1], [2]]
    jobs_of.run()
    assert DoneJob.enqueue(1).is_duplicate is False


def test_job_that_died_has_no_place(jobs_of):
    DoneJob.enqueue(1, "fail")

    jobs_of.die()

    assert DoneJob.enqueue(1).is_duplicate is False


def test_window_outlives_its_job(jobs_of):
    first = WindowJob.enqueue(1)
    jobs_of.run()

    assert WindowJob.enqueue(1).id == first.id
    assert jobs_of.kept() == []


def test_window_ends_with_the_death_of_its_job(jobs_of):
    WindowJob.enqueue(1, "fail")
    jobs_of.die()

    assert WindowJob.enqueue(1).is_duplicate is False


def test_conflict_is_raised(jobs_of):
    first = RaisingJob.enqueue(1)

    with pytest.raises(DuplicateJob) as raised:
        RaisingJob.enqueue(1)

    assert raised.value.job_id == first.id


def test_new_job_replaces_the_old_one_at_its_place(jobs_of):
    NewestJob.enqueue(1, "old")
    PlainJob.using(priority=-1).enqueue(2)

    assert NewestJob.enqueue(1, "new").is_duplicate is False

    assert jobs_of.kept() == [[1, "new"], [2]]


def test_job_that_is_debounced_is_the_newest(jobs_of):
    QuietJob.enqueue(1, "old")
    QuietJob.enqueue(1, "new")

    assert jobs_of.kept() == [[1, "new"]]


def test_many_are_decided_in_order(jobs_of):
    many = DoneJob.enqueue_many([(1,), (1, "other"), (2,)])

    assert [job.is_duplicate for job in many] == [False, True, False]
    assert jobs_of.kept() == [[1], [2]]


def test_key_and_id_of_the_caller_are_one_job(jobs_of):
    first = PlainJob.using(key="k").enqueue(1)
    PlainJob.using(id="x").enqueue(3)

    assert PlainJob.using(key="k").enqueue(2).id == first.id
    assert PlainJob.using(id="x").enqueue(4).is_duplicate
    assert jobs_of.kept() == [[1], [3]]


def test_holder_that_has_expired_is_replaced(jobs_of):
    first = BriefJob.enqueue(1)

    def has_given_way():
        return BriefJob.enqueue(1).id != first.id

    wait_until(has_given_way)
    assert len(jobs_of.kept()) == 1


@pytest.mark.django_db(transaction=True)
def test_commit_decides_and_nobody_knows_before(jobs_of):
    with transaction.atomic():
        first = DoneJob.enqueue(1)
        second = DoneJob.enqueue(1, "other")

    assert (first.is_duplicate, second.is_duplicate) == (None, None)
    assert jobs_of.kept() == [[1]]


@pytest.mark.django_db(transaction=True)
def test_job_of_a_savepoint_that_was_rolled_back_took_no_place(jobs_of):
    with transaction.atomic():
        with transaction.atomic():
            DoneJob.enqueue(1, "dropped")
            transaction.set_rollback(True)
        DoneJob.enqueue(1, "kept")

    assert jobs_of.kept() == [[1, "kept"]]


@pytest.mark.django_db(transaction=True)
def test_place_that_is_taken_is_seen_early_in_a_transaction(jobs_of):
    RaisingJob.enqueue(1)

    with pytest.raises(DuplicateJob), transaction.atomic():
        RaisingJob.enqueue(1)


# In a test's own thread


@pytest.mark.parametrize(("job_class", "is_duplicate"), [(DoneJob, True), (StartJob, False)])
@pytest.mark.parametrize("name", ["fake", "inline"])
def test_running_job_has_its_place_until_done_but_not_until_start(name, job_class, is_duplicate):
    with mode(name):
        job_class.enqueue(1, "again")
        if name == "fake":
            drain()

    assert is_duplicate in RAN
    assert not is_duplicate not in RAN


def test_duplicate_of_a_test_case_does_not_come_back_after_a_drain(db):
    with mode("fake"):
        DoneJob.enqueue(1, "first")
        DoneJob.enqueue(1, "second")

        assert drain() == 1
        assert enqueued_jobs() == []

    assert RAN == [(1, "first")]


def test_job_that_snoozes_keeps_its_place():
    with mode("fake"):
        first = DoneJob.enqueue(1, "snooze")
        drain()

        assert DoneJob.enqueue(1).id == first.id
        clear()
        assert DoneJob.enqueue(1).is_duplicate is False


def test_inline_window_and_death():
    with mode("inline"):
        first = WindowJob.enqueue(1)
        assert WindowJob.enqueue(1).id == first.id
        with suppress(ValueError):
            WindowJob.enqueue(2, "fail")
        assert WindowJob.enqueue(2).is_duplicate is False

    assert RAN == [(1, ""), (2, "fail"), (2, "")]
