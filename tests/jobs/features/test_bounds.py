"""Queues with a bound, as a project meets them in each mode."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from jobs import Job, Middleware, QueueFull, Unique
from jobs.client import get_client
from jobs.events import EnqueueRefused, subscribe, unsubscribe
from jobs.features.bounds.refusals import Refusals
from jobs.middleware.transient import is_transient
from jobs.payload import Payload
from jobs.testing import drain, enqueued_jobs, mode
from tests.conftest import free_port
from tests.jobs.enqueued import arguments, pushes

RESULTS: list[object] = []


class Rollback(Exception):
    """Ends a transaction."""


class RowJob(Job):
    queue = "imports"

    def perform(self, row: int, *, children: int = 0) -> None:
        """Enqueue more rows, and note what came of it."""
        for child in range(children):
            try:
                RowJob.enqueue(child)
                RESULTS.append("in")
            except QueueFull as full:
                RESULTS.append(full.size)


class OneJob(RowJob):
    unique = Unique(by=("row",))


class Spread(Middleware):
    """Moves each second job into the queue with the limit."""

    def enqueue(self, payload: Payload) -> Payload:
        return payload.changed(queue="imports") if payload.args[0] % 2 else payload


class NoteJob(Job):
    def perform(self, row: int) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def three(settings):
    RESULTS.clear()
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"imports": 3}}


@pytest.fixture(params=["fake", "real"])
def rows(request, store):
    """Return what tells the rows that wait."""
    with mode(request.param):
        if request.param == "fake":
            yield lambda: [payload.args[0] for payload in enqueued_jobs()]
        else:
            yield lambda: [args[0] for args in arguments(store, "imports")]


@pytest.fixture
def heard():
    events: list[EnqueueRefused] = []
    subscribe(EnqueueRefused)(events.append)
    yield events
    unsubscribe(events.append)


def test_enqueue_beyond_the_limit_raises_and_leaves_the_queue_as_it_was(rows):
    for row in range(3):
        RowJob.enqueue(row)

    with pytest.raises(QueueFull) as full:
        RowJob.enqueue(3)

    error = full.value
    assert (error.queue, error.size, error.limit, error.jobs, error.pushed) == (
        "imports",
        3,
        3,
        1,
        0,
    )
    assert str(error) == (
        "Queue 'imports' holds 3 jobs that have not ended and may hold 3, so there is "
        "no room for 1 more. Try again later."
    )
    assert rows() == [0, 1, 2]


def test_scheduled_jobs_count(rows):
    RowJob.using(run_after=timedelta(hours=1)).enqueue_many([(1,), (2,), (3,)])

    with pytest.raises(QueueFull):
        RowJob.using(run_after=timedelta(hours=2)).enqueue(4)


def test_other_queues_have_no_limit(rows):
    RowJob.enqueue_many([(1,), (2,), (3,)])

    NoteJob.enqueue_many([(n,) for n in range(10)])
    RowJob.using(queue="elsewhere").enqueue(4)

    with pytest.raises(QueueFull):
        NoteJob.using(queue="imports").enqueue(5)


def test_a_batch_goes_in_whole_or_not_at_all(rows):
    RowJob.enqueue(0)

    with pytest.raises(QueueFull) as full:
        RowJob.enqueue_many([(1,), (2,), (3,)])

    assert (full.value.size, full.value.jobs, full.value.pushed) == (1, 3, 0)
    assert rows() == [0]


def test_batches_before_the_refused_one_stay_and_are_counted(rows):
    with pytest.raises(QueueFull) as full:
        RowJob.enqueue_many([(n,) for n in range(6)], batch_size=2)

    assert (full.value.pushed, full.value.size, full.value.jobs) == (2, 2, 2)
    assert "The first 2 are enqueued." in str(full.value)
    assert rows() == [0, 1]


def test_the_rest_goes_in_when_there_is_room_again():
    rows, ran = [(n,) for n in range(8)], 0
    with mode("fake"):
        while rows:
            try:
                RowJob.enqueue_many(rows, batch_size=2)
                rows = []
            except QueueFull as full:
                rows = rows[full.pushed :]
            assert [payload.args[0] for payload in enqueued_jobs()][:1] == [ran]
            ran += drain()

    assert ran == 8


def test_more_at_once_than_ever_fit_is_said(rows):
    with pytest.raises(QueueFull, match=r"no room for 4 more\. Enqueue fewer at a time\."):
        RowJob.enqueue_many([(n,) for n in range(4)])


def test_duplicate_of_a_job_in_a_full_queue_is_returned(rows):
    first = OneJob.enqueue(1)
    OneJob.enqueue_many([(2,), (3,)])

    assert (OneJob.enqueue(1).id, OneJob.enqueue(1).is_duplicate) == (first.id, True)
    with pytest.raises(QueueFull):
        OneJob.enqueue(4)
    assert rows() == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_full_queue_is_told_inside_the_transaction(rows):
    def enqueue_four():
        with transaction.atomic():
            for row in range(4):
                RowJob.enqueue(row)

    with pytest.raises(QueueFull):
        enqueue_four()
    assert rows() == []


@pytest.mark.django_db(transaction=True)
def test_batch_is_told_inside_the_transaction(rows):
    with transaction.atomic():
        RowJob.enqueue(0)
        with pytest.raises(QueueFull) as full:
            RowJob.enqueue_many([(1,), (2,), (3,)])
        RowJob.enqueue(4)

    assert (full.value.size, full.value.jobs) == (1, 3)
    assert rows() == [0, 4]


@pytest.mark.django_db(transaction=True)
def test_jobs_of_a_savepoint_that_was_rolled_back_need_no_room(rows):
    with transaction.atomic():
        for _ in range(3):
            with suppress(Rollback), transaction.atomic():
                RowJob.enqueue_many([(7,), (8,)])
                raise Rollback
        RowJob.enqueue_many([(1,), (2,), (3,)])

    assert rows() == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_duplicate_is_no_refusal_inside_a_transaction_either(rows):
    OneJob.enqueue_many([(1,), (2,), (3,)])

    with transaction.atomic():
        OneJob.enqueue(1)
        with pytest.raises(QueueFull):
            OneJob.enqueue(4)

    assert rows() == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_duplicates_of_one_transaction_need_room_for_one(rows):
    OneJob.enqueue(1)

    with transaction.atomic():
        for _ in range(4):
            OneJob.enqueue(1)
            OneJob.enqueue_many([(2,), (2,)])
        OneJob.enqueue(3)
        with pytest.raises(QueueFull) as full:
            OneJob.enqueue(4)

    assert (full.value.size, full.value.jobs) == (3, 1)
    assert rows() == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_immediate_is_refused_by_redis_itself(rows):
    RowJob.enqueue_many([(1,), (2,), (3,)])

    with transaction.atomic(), pytest.raises(QueueFull):
        RowJob.using(commit="immediate").enqueue(4)


@pytest.mark.django_db(transaction=True)
def test_what_a_transaction_asked_for_goes_in_whatever_came_between(store):
    with transaction.atomic():
        RowJob.enqueue_many([(1,), (2,)])
        for row in (7, 8, 9):
            RowJob.using(commit="immediate").enqueue(row)

    assert {args[0] for args in arguments(store, "imports")} == {1, 2, 7, 8, 9}
    with pytest.raises(QueueFull) as full:
        RowJob.enqueue(3)
    assert (full.value.size, full.value.limit) == (5, 3)


@pytest.mark.django_db(transaction=True)
def test_redis_that_is_away_refuses_nothing_before_the_commit(settings):
    url = f"redis://127.0.0.1:{free_port()}/0"
    settings.JOBS = {**settings.JOBS, "REDIS_URL": url, "ENQUEUE_TIMEOUT": 0.2}

    with suppress(Rollback), transaction.atomic():
        RowJob.enqueue(1)
        raise Rollback


@pytest.mark.django_db(transaction=True)
def test_redis_that_hangs_holds_a_transaction_up_once(settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        more = {"REDIS_URL": url, "ENQUEUE_TIMEOUT": 0.4, "QUEUE_LIMITS": {"imports": 100}}
        settings.JOBS = {**settings.JOBS, **more}
        with suppress(Rollback), transaction.atomic():
            begun = time.monotonic()
            for row in range(100):
                RowJob.enqueue(row)
            assert time.monotonic() - begun < 5  # 100 looks of 0.2 s take 20
            raise Rollback


def test_middleware_may_move_jobs_into_the_queue(store, settings):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": [f"{__name__}.Spread"]}

    with pytest.raises(QueueFull) as full:
        NoteJob.enqueue_many([(n,) for n in range(12)], batch_size=4)

    error = full.value
    assert (error.queue, error.size, error.jobs, error.pushed) == ("imports", 3, 1, 7)
    assert arguments(store, "imports") == [[1], [3], [5]]
    assert arguments(store) == [[0], [2], [4], [6]]


def test_coroutines_are_refused_too(store):
    RowJob.enqueue_many([(1,), (2,), (3,)])

    with pytest.raises(QueueFull):
        asyncio.run(RowJob.aenqueue(4))


@pytest.mark.django_db(transaction=True)
def test_queue_without_a_limit_costs_no_look(store):
    NoteJob.using(commit="immediate").enqueue(0)
    store.client.config_resetstat()

    with transaction.atomic():
        for row in range(5):
            NoteJob.enqueue(row)

    assert pushes(store.client) == 1


def test_running_job_counts_and_may_be_refused_what_it_enqueues():
    with mode("fake"):
        RowJob.enqueue(1, children=4)
        drain()
    assert RESULTS == ["in", "in", 3, 3]

    RESULTS.clear()
    with mode("inline"):
        RowJob.enqueue(1, children=1)
        with pytest.raises(QueueFull) as full:
            RowJob.enqueue_many([(n,) for n in range(4)])
    assert RESULTS == ["in"]
    assert full.value.size == 0


def test_places_of_drained_jobs_are_free_again():
    with mode("fake"):
        for _ in range(3):
            RowJob.enqueue_many([(1,), (2,), (3,)])
            assert drain() == 3


def test_threads_never_exceed_the_limit(store, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"imports": 40}}
    start, refusals = threading.Barrier(50), []

    def fill():
        start.wait()
        for row in range(5):
            try:
                RowJob.using(commit="immediate").enqueue(row)
            except QueueFull as full:
                refusals.append(full.size)

    threads = [threading.Thread(target=fill) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert get_client().size("imports") == 40
    assert refusals == [40] * 210


def test_refusals_are_told_at_once_and_then_once_a_minute(heard):
    now = [100.0]
    refusals = Refusals(lambda: now[0])
    full = QueueFull("imports", 3, 3)

    for _ in range(5):
        refusals.tell(full)
    now[0] += 61
    refusals.tell(full)
    refusals.tell(QueueFull("other", 1, 1))

    assert [(event.queue, event.refusals) for event in heard] == [
        ("imports", 1),
        ("imports", 5),
        ("other", 1),
    ]
    assert heard[0].text() == "queue.full queue=imports refusals=1 size=3 limit=3"


def test_job_that_lets_it_through_is_tried_again_and_nobody_is_woken():
    assert is_transient(QueueFull("imports", 3, 3))


def test_view_answers_503(store):
    def upload(request: HttpRequest) -> HttpResponse:
        try:
            RowJob.enqueue(1)
        except QueueFull:
            return HttpResponse("Try again in a minute.", status=503, headers={"Retry-After": "60"})
        return HttpResponse(status=202)

    answers = [upload(HttpRequest()) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [202, 202, 202, 503]
    assert answers[-1]["Retry-After"] == "60"


def test_without_the_setting_nothing_is_limited(store):
    with override_settings(JOBS={}):
        RowJob.enqueue_many([(n,) for n in range(5)])

    assert len(arguments(store, "imports")) == 5
