"""One contract for collected jobs and for Redis: what is unique until when."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction

from jobs import DuplicateJob, Job, Snooze, Unique
from jobs.testing import clear, drain, enqueued_jobs, mode, pass_time

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RAN: list[object] = []


class DoneJob(Job):
    unique = Unique(by=("row",))
    max_retries = 1

    def perform(self, row: int, what: str = "") -> None:
        RAN.append((row, what))
        if what == "again":
            RAN.append(DoneJob.enqueue(row).is_duplicate)
        if what == "fail":
            raise ValueError(row)
        if what == "snooze":
            raise Snooze(60)

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 60.0


class StartJob(DoneJob):
    unique = Unique(by=("row",), until="start")

    def perform(self, row: int, what: str = "") -> None:
        RAN.append((row, what))
        if what == "again":
            RAN.append(StartJob.enqueue(row).is_duplicate)
        if what == "fail":
            raise ValueError(row)


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
    expires_in = HOUR


class PlainJob(Job):
    def perform(self, row: int) -> None:
        RAN.append(row)


@pytest.fixture(autouse=True)
def nothing_ran():
    RAN.clear()


def die(side):
    """Let what fails fail for the last time."""
    side.run()
    side.pass_time(MINUTE)
    side.run()


def test_second_job_is_a_duplicate_until_the_first_is_done(side):
    first = DoneJob.enqueue(1)
    again = DoneJob.enqueue(1, "other")
    DoneJob.enqueue(2)

    assert (again.id, again.is_duplicate) == (first.id, True)
    assert side.kept() == [[1], [2]]
    side.run()
    assert DoneJob.enqueue(1).is_duplicate is False


def test_job_that_died_has_no_place(side):
    DoneJob.enqueue(1, "fail")

    die(side)

    assert DoneJob.enqueue(1).is_duplicate is False


def test_window_outlives_its_job(side):
    first = WindowJob.enqueue(1)
    side.run()

    assert WindowJob.enqueue(1).id == first.id
    assert side.kept() == []


def test_window_ends_with_the_death_of_its_job(side):
    WindowJob.enqueue(1, "fail")
    die(side)

    assert WindowJob.enqueue(1).is_duplicate is False


def test_conflict_is_raised(side):
    first = RaisingJob.enqueue(1)

    with pytest.raises(DuplicateJob) as raised:
        RaisingJob.enqueue(1)

    assert raised.value.job_id == first.id


def test_new_job_replaces_the_old_one_at_its_place(side):
    NewestJob.enqueue(1, "old")
    PlainJob.using(priority=-1).enqueue(2)

    assert NewestJob.enqueue(1, "new").is_duplicate is False

    assert side.kept() == [[1, "new"], [2]]


def test_job_that_is_debounced_is_the_newest(side):
    QuietJob.enqueue(1, "old")
    QuietJob.enqueue(1, "new")

    assert side.kept() == [[1, "new"]]


def test_many_are_decided_in_order(side):
    many = DoneJob.enqueue_many([(1,), (1, "other"), (2,)])

    assert [job.is_duplicate for job in many] == [False, True, False]
    assert side.kept() == [[1], [2]]


def test_key_and_id_of_the_caller_are_one_job(side):
    first = PlainJob.using(key="k").enqueue(1)
    PlainJob.using(id="x").enqueue(3)

    assert PlainJob.using(key="k").enqueue(2).id == first.id
    assert PlainJob.using(id="x").enqueue(4).is_duplicate
    assert side.kept() == [[1], [3]]


def test_holder_that_has_expired_is_replaced(side):
    first = BriefJob.using(run_after=HOUR).enqueue(1)

    side.pass_time(2 * HOUR - MINUTE)
    assert BriefJob.enqueue(1).id == first.id

    side.pass_time(2 * MINUTE)
    assert BriefJob.enqueue(1).id != first.id
    assert len(side.kept()) == 1


def test_window_ends_in_time_whatever_became_of_its_job(side):
    first, waiting = WindowJob.enqueue(1), WindowJob.using(run_after=2 * HOUR).enqueue(2)
    side.run()

    side.pass_time(59 * MINUTE)
    assert (WindowJob.enqueue(1).id, WindowJob.enqueue(2).id) == (first.id, waiting.id)

    side.pass_time(MINUTE)
    assert WindowJob.enqueue(1).is_duplicate is False
    assert WindowJob.enqueue(2).is_duplicate is False


def test_window_counts_from_the_enqueue_also_while_its_job_waits_for_a_retry(side):
    WindowJob.enqueue(1, "fail")
    side.pass_time(30 * MINUTE)
    side.run()
    assert WindowJob.enqueue(1).is_duplicate

    side.pass_time(30 * MINUTE)

    assert WindowJob.enqueue(1).is_duplicate is False
    assert sorted(side.kept()) == [[1], [1, "fail"]]


def test_holder_expires_also_while_it_waits_for_a_retry(side):
    BriefJob.enqueue(1, "fail")
    side.pass_time(30 * MINUTE)
    side.run()
    assert BriefJob.enqueue(1).is_duplicate

    side.pass_time(31 * MINUTE)

    assert BriefJob.enqueue(1).is_duplicate is False
    assert side.kept() == [[1]]


def test_job_keeps_its_place_while_it_waits_for_its_retry(side):
    first = DoneJob.enqueue(1, "fail")
    side.run()

    assert DoneJob.enqueue(1).id == first.id
    side.pass_time(MINUTE)
    side.run()
    assert DoneJob.enqueue(1).is_duplicate is False


def test_job_until_its_start_has_no_place_while_it_waits_for_its_retry(side):
    first = StartJob.enqueue(1, "fail")
    assert StartJob.enqueue(1).id == first.id
    side.run()

    assert StartJob.enqueue(1, "newer").is_duplicate is False
    assert sorted(side.kept()) == [[1, "fail"], [1, "newer"]]


@pytest.mark.parametrize(("job_class", "is_duplicate"), [(DoneJob, True), (StartJob, False)])
def test_running_job_has_its_place_until_done_but_not_until_start(side, job_class, is_duplicate):
    job_class.enqueue(1, "again")

    side.run()

    assert (1, "again") in RAN
    assert is_duplicate in RAN
    assert not is_duplicate not in RAN


def test_job_that_snoozes_keeps_its_place(side):
    first = DoneJob.enqueue(1, "snooze")
    side.run()

    assert DoneJob.enqueue(1).id == first.id


def test_debounced_job_waits_anew_with_each_enqueue(side):
    QuietJob.enqueue(1, "first")
    side.pass_time(50 * MINUTE)
    QuietJob.enqueue(1, "second")

    side.pass_time(50 * MINUTE)
    side.run()
    assert RAN == []

    side.pass_time(10 * MINUTE)
    side.run()
    assert RAN == [(1, "second")]


def test_steady_stream_puts_a_debounced_job_off_no_longer_than_its_longest_wait(side):
    for what in "abc":
        QuietJob.enqueue(1, what)
        side.pass_time(50 * MINUTE)
        side.run()
    QuietJob.enqueue(1, "d")  # 2 h 30 min after the first: what was due after 2 h has run

    assert RAN == [(1, "c")]
    assert side.kept() == [[1, "d"]]


def test_longest_wait_counts_from_the_first_of_them(side):
    for what in "abc":
        QuietJob.enqueue(1, what)
        side.pass_time(39 * MINUTE)

    side.run()
    assert RAN == []  # 1 h 57 min
    side.pass_time(3 * MINUTE)
    side.run()

    assert RAN == [(1, "c")]


@pytest.mark.django_db(transaction=True)
def test_commit_decides_and_nobody_knows_before(side):
    with transaction.atomic():
        first = DoneJob.enqueue(1)
        second = DoneJob.enqueue(1, "other")

    assert (first.is_duplicate, second.is_duplicate) == (None, None)
    assert side.kept() == [[1]]


@pytest.mark.django_db(transaction=True)
def test_job_of_a_savepoint_that_was_rolled_back_took_no_place(side):
    with transaction.atomic():
        with transaction.atomic():
            DoneJob.enqueue(1, "dropped")
            transaction.set_rollback(True)
        DoneJob.enqueue(1, "kept")

    assert side.kept() == [[1, "kept"]]


@pytest.mark.django_db(transaction=True)
def test_place_that_is_taken_is_seen_early_in_a_transaction(side):
    RaisingJob.enqueue(1)

    with pytest.raises(DuplicateJob), transaction.atomic():
        RaisingJob.enqueue(1)


# In a test's own thread


def test_duplicate_of_a_test_case_does_not_come_back_after_a_drain(db):
    with mode("fake"):
        DoneJob.enqueue(1, "first")
        DoneJob.enqueue(1, "second")

        assert drain() == 1
        assert enqueued_jobs() == []

    assert RAN == [(1, "first")]


def test_cleared_collection_keeps_no_place():
    with mode("fake"):
        DoneJob.enqueue(1)
        clear()

        assert DoneJob.enqueue(1).is_duplicate is False


@pytest.mark.parametrize(("job_class", "is_duplicate"), [(DoneJob, True), (StartJob, False)])
def test_running_job_has_its_place_in_inline_mode_too(job_class, is_duplicate):
    with mode("inline"):
        job_class.enqueue(1, "again")

    assert is_duplicate in RAN
    assert not is_duplicate not in RAN


def test_inline_window_and_death():
    with mode("inline"):
        first = WindowJob.enqueue(1)
        assert WindowJob.enqueue(1).id == first.id
        with suppress(ValueError):
            WindowJob.enqueue(2, "fail")
        assert WindowJob.enqueue(2).is_duplicate is False
        pass_time(HOUR)
        assert WindowJob.enqueue(1).is_duplicate is False

    assert RAN == [(1, ""), (2, "fail"), (2, ""), (1, "")]
