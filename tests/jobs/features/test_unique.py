"""Unique jobs as a project writes them, against a real Redis."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction

import jobs
from jobs import DuplicateJob, Job, Unique
from jobs.events import JobEnqueued, subscribe, unsubscribe
from tests.jobs.enqueued import arguments, payloads, pushes

HOUR = timedelta(hours=1)


class ReportJob(Job):
    unique: Unique | None = Unique()

    def perform(self, shop: int, month: str = "May", *, parts: list[int] | None = None) -> None:
        """Do nothing."""


class OrderJob(Job):
    unique = Unique(by=("order_id",), on_conflict="raise")

    def perform(self, order_id: int, note: str = "") -> None:
        """Do nothing."""


class NewestJob(Job):
    unique = Unique(by=("row",), on_conflict="replace")

    def perform(self, row: int, value: int) -> None:
        """Do nothing."""


class QuietJob(Job):
    unique = Unique(by=(), on_conflict="debounce", delay=HOUR, max_wait=2 * HOUR)

    def perform(self, value: int) -> None:
        """Do nothing."""


class HourlyJob(Job):
    unique = Unique(until=HOUR)

    def perform(self) -> None:
        """Do nothing."""


class PlainJob(Job):
    def perform(self, number: int = 0) -> None:
        """Do nothing."""


def keys(store):
    return [key.decode() for key in store.client.hkeys(store.keys("default").unique)]


# What counts


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1,), {}),
        ((), {"shop": 1}),
        ((1, "May"), {}),
        ((1,), {"month": "May"}),
        ((1,), {"parts": None}),
    ],
)
def test_arguments_are_the_same_however_they_are_given(store, args, kwargs):
    first = ReportJob.enqueue(1)

    second = ReportJob.enqueue(*args, **kwargs)

    assert second == jobs.EnqueuedJob(first.id, "default", is_duplicate=True, keeps_result=False)
    assert first.is_duplicate is False
    assert arguments(store) == [[1]]


@pytest.mark.parametrize(
    ("args", "kwargs"), [((2,), {}), ((1, "June"), {}), ((1,), {"parts": [1]}), (("1",), {})]
)
def test_other_arguments_are_another_job(store, args, kwargs):
    ReportJob.enqueue(1)

    assert ReportJob.enqueue(*args, **kwargs).is_duplicate is False

    assert len(payloads(store)) == 2


def test_order_of_keys_in_a_dictionary_does_not_count(store):
    class MapJob(Job):
        unique = Unique()

        def perform(self, places):
            """Do nothing."""

    globals()["MapJob"] = MapJob
    MapJob.enqueue({"a": 1, "b": 2})

    assert MapJob.enqueue({"b": 2, "a": 1}).is_duplicate


def test_only_what_by_names_counts(store):
    first = OrderJob.enqueue(7, "a")

    with pytest.raises(DuplicateJob) as raised:
        OrderJob.enqueue(7, "b")

    assert raised.value.job_id == first.id
    assert first.id in str(raised.value)
    assert payloads(store)[0].args == [7, "a"]


def test_classes_do_not_share_places(store):
    ReportJob.enqueue(1)
    OrderJob.enqueue(1)

    assert len(keys(store)) == 2


def test_key_has_a_bounded_length_and_tells_no_argument(store):
    ReportJob.enqueue(1, "secret " * 1000)

    [key] = keys(store)
    assert key.startswith("tests.jobs.features.test_unique.ReportJob:")
    assert len(key) < 100
    assert "secret" not in key


# What happens to a second one


def test_newest_arguments_replace_those_that_wait(store):
    NewestJob.enqueue(1, 10)

    newest = NewestJob.enqueue(1, 11)

    assert newest.is_duplicate is False
    assert [(p.id, p.args) for p in payloads(store)] == [(newest.id, [1, 11])]


def test_debounced_job_is_scheduled_and_put_off(store):
    for value in range(3):
        QuietJob.enqueue(value)

    [payload] = payloads(store)
    assert payload.args == [2]
    assert payload.run_after
    assert payload.run_after - payload.enqueued_at == pytest.approx(3600, abs=1)


def test_window_says_for_how_long_no_second_one_comes(store):
    first = HourlyJob.enqueue()
    store.sets.move("default", "ready", "scheduled", [first.id], due_at=2e9)

    assert HourlyJob.enqueue().id == first.id


def test_many_are_decided_in_their_order(store):
    enqueued = ReportJob.enqueue_many([(1,), (2,), {"shop": 1}, (3,)])

    assert [job.is_duplicate for job in enqueued] == [False, False, True, False]
    assert enqueued[2].id == enqueued[0].id
    assert arguments(store) == [[1], [2], [3]]


def test_many_over_several_batches_know_each_other(store):
    enqueued = ReportJob.enqueue_many([(n % 3,) for n in range(10)], batch_size=2)

    assert len({job.id for job in enqueued}) == 3
    assert len(payloads(store)) == 3


def test_duplicate_among_many_is_raised_once_its_batch_is_in(store):
    with pytest.raises(DuplicateJob) as raised:
        OrderJob.enqueue_many([(1,), (2,), (2,), (3,)], batch_size=3)

    assert arguments(store) == [[1], [2]]
    assert raised.value.__notes__ == ["2 jobs of this call stay, or do at the commit."]


def test_coroutines_enqueue_unique_jobs_too(store):
    async def twice():
        return await ReportJob.aenqueue(1), await ReportJob.aenqueue(1)

    first, second = asyncio.run(twice())

    assert second.id == first.id
    assert second.is_duplicate


def test_no_event_tells_of_a_job_that_was_not_enqueued(store):
    heard = []
    listener = subscribe(JobEnqueued)(lambda event: heard.append(event.id))
    try:
        first = ReportJob.enqueue(1)
        ReportJob.enqueue(1)
    finally:
        unsubscribe(listener)

    assert heard == [first.id]


# Transactions


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_nobody_knows_yet(store):
    with transaction.atomic():
        first, second = ReportJob.enqueue(1), ReportJob.enqueue(1)
        many = ReportJob.enqueue_many([(1,)])

    assert (first.is_duplicate, second.is_duplicate, many[0].is_duplicate) == (None, None, None)
    assert [p.id for p in payloads(store)] == [first.id]


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_a_place_that_is_taken_is_seen_early(store):
    OrderJob.enqueue(7)

    with pytest.raises(DuplicateJob), transaction.atomic():
        OrderJob.enqueue(7)


@pytest.mark.django_db(transaction=True)
def test_place_that_is_taken_until_the_commit_raises_nothing(store):
    with transaction.atomic():
        OrderJob.enqueue(7)
        first = OrderJob.using(commit="immediate").enqueue(7)

    assert [p.id for p in payloads(store)] == [first.id]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [OrderJob, ReportJob])
def test_looks_before_a_commit_cost_a_few_round_trips_however_many_jobs(store, settings, kind):
    """One look is for room in the queue, the other for those that raise."""
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"default": 60}}
    kind.using(commit="immediate").enqueue_many([(n,) for n in range(50)])
    store.client.config_resetstat()

    with transaction.atomic():
        with suppress(DuplicateJob):
            kind.enqueue_many([(n,) for n in range(50)])
        assert pushes(store.client) <= 6  # three looks, and the scripts that Redis does not know


@pytest.mark.django_db(transaction=True)
def test_job_of_a_transaction_that_was_rolled_back_took_no_place(store):
    with transaction.atomic():
        ReportJob.enqueue(1)
        transaction.set_rollback(True)

    assert ReportJob.enqueue(1).is_duplicate is False


# Keys and ids of the caller


def test_key_of_the_caller_makes_any_job_unique(store):
    first = PlainJob.using(key="invoice 7").enqueue(1)

    second = PlainJob.using(key="invoice 7").enqueue(2)
    PlainJob.using(key="invoice 8").enqueue(3)

    assert second.id == first.id
    assert second.is_duplicate
    assert arguments(store) == [[1], [3]]


def test_key_of_the_caller_stands_for_the_arguments(store):
    ReportJob.using(key="k").enqueue(1)

    assert ReportJob.using(key="k").enqueue(2).is_duplicate
    assert ReportJob.enqueue(1).is_duplicate is False


def test_id_of_the_caller_is_enqueued_once(store):
    first = PlainJob.using(id="order-7").enqueue(1)

    second = PlainJob.using(id="order-7").enqueue(2)

    assert (first.id, first.is_duplicate) == ("order-7", False)
    assert (second.id, second.is_duplicate) == ("order-7", True)
    assert arguments(store) == [[1]]


def test_id_of_the_caller_is_free_again_when_its_job_is_gone(store):
    PlainJob.using(id="order-7").enqueue(1)
    store.sets.move("default", "ready", "delete", ["order-7"])

    assert PlainJob.using(id="order-7").enqueue(2).is_duplicate is False
    assert arguments(store) == [[2]]


def test_large_batches_go_in_portions_that_keep_redis_busy_for_a_moment_only(store):
    PlainJob.using(key="warm").enqueue()
    store.client.config_resetstat()

    enqueued = ReportJob.enqueue_many([(n % 600,) for n in range(1000)])

    assert sum(bool(job.is_duplicate) for job in enqueued) == 400
    assert len(payloads(store)) == 601
    assert pushes(store.client) == 4


def test_duplicate_still_knows_that_nobody_keeps_its_result(store):
    first, second = ReportJob.enqueue(1), ReportJob.enqueue(1)

    assert second.is_duplicate
    assert (first.keeps_result, second.keeps_result) == (False, False)
