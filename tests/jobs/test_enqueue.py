"""From a call to a payload in Redis.

And every bad input on the way.
"""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from jobs import InvalidArguments, InvalidJob, Job, Middleware
from jobs.testing import drain, mode
from orders.models import Order
from tests.jobs.enqueued import arguments, payloads, pushes

HOUR = timedelta(hours=1)


class NoteJob(Job):
    def perform(self, text: str, *, count: int = 1) -> None:
        """Do nothing."""


class UrgentJob(Job):
    queue = "high"
    priority = 5
    max_retries = 3

    def perform(self, number: int) -> None:
        """Do nothing."""


class Client(Middleware):
    """Vetoes, changes and moves jobs by their first argument."""

    def enqueue(self, payload):
        if payload.args == ["veto"]:
            return None
        if payload.args == ["move"]:
            return payload.changed(queue="moved", priority=7, context={"by": "middleware"})
        return payload


@pytest.fixture
def client_middleware(settings):
    settings.JOBS = {"MIDDLEWARE": [f"{__name__}.Client"]}


# What arrives


def test_enqueued_job_has_its_class_arguments_and_place(store):
    before = timezone.now().timestamp()

    enqueued = UrgentJob.enqueue(7)

    [payload] = payloads(store, "high")
    assert (enqueued.id, enqueued.queue, enqueued.is_vetoed) == (payload.id, "high", False)
    assert payload.job_class.endswith(".UrgentJob")
    assert (payload.args, payload.kwargs, payload.priority, payload.queue) == ([7], {}, 5, "high")
    assert before - 0.001 <= payload.enqueued_at <= timezone.now().timestamp()
    assert payload.options == {}


def test_arguments_by_name_arrive_by_name(store):
    NoteJob.enqueue("a", count=2)

    [payload] = payloads(store)
    assert (payload.args, payload.kwargs) == (["a"], {"count": 2})


def test_caller_may_change_his_list_afterwards(store):
    lines = [1]
    with_list = NoteJob.enqueue(lines)
    lines.append(2)

    assert payloads(store)[0].args == [[1]]
    assert with_list.queue == "default"


# Bad arguments


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "missing a required argument: 'text'"),
        (("a", "b"), {}, "too many positional arguments"),
        (("a",), {"text": "b"}, "multiple values for argument 'text'"),
        (("a",), {"cuont": 1}, "unexpected keyword argument 'cuont'"),
        ((Order(pk=7),), {}, r"argument 1 is Order .* pass its primary key \(value.pk\)"),
        (("a",), {"count": (1,)}, "argument 'count' is tuple .* pass a list"),
        ((timezone.now(),), {}, r"pass value.isoformat\(\)"),
        ((float("nan"),), {}, "JSON has no such number"),
        (("\ud800",), {}, "no valid Unicode"),
    ],
)
def test_wrong_arguments_are_refused_at_the_callers_line(store, args, kwargs, message):
    with pytest.raises(InvalidArguments, match=message) as raised:
        NoteJob.enqueue(*args, **kwargs)

    assert "NoteJob" in str(raised.value)
    assert store.client.dbsize() == 0


def test_payload_that_is_too_big_is_refused_with_its_size(settings, store):
    settings.JOBS = {"MAX_PAYLOAD_BYTES": 1000}

    NoteJob.enqueue("x" * 700)
    with pytest.raises(
        InvalidArguments, match=r"NoteJob: the payload has 1,\d\d\d bytes, more than .* = 1,000"
    ) as raised:
        NoteJob.enqueue("x" * 1000)

    assert "Store the data elsewhere and pass its key" in str(raised.value)


def test_class_without_perform_cannot_be_enqueued():
    class BaseJob(Job):
        queue = "low"

    with pytest.raises(InvalidJob, match="has no perform method"):
        BaseJob.enqueue()


# Middleware


def test_vetoed_job_is_not_pushed_and_says_so(store, client_middleware):
    enqueued = NoteJob.enqueue("veto")

    assert enqueued.is_vetoed
    assert len(enqueued.id) == 32
    assert store.client.dbsize() == 0


def test_middleware_may_move_and_mark_a_job(store, client_middleware):
    enqueued = NoteJob.enqueue("move")

    [payload] = payloads(store, "moved")
    assert (enqueued.queue, payload.queue, payload.priority) == ("moved", "moved", 7)
    assert payload.context == {"by": "middleware"}


def test_veto_among_many_takes_only_its_own(store, client_middleware):
    enqueued = NoteJob.enqueue_many([["a"], ["veto"], ["b"]])

    assert [e.is_vetoed for e in enqueued] == [False, True, False]
    assert arguments(store) == [["a"], ["b"]]


# enqueue_many


@pytest.mark.parametrize(
    "items",
    [
        [("a",), ("b",)],
        [["a"], ["b"]],
        (["a"], ("b",)),
        ([text] for text in "ab"),
        zip("ab", strict=True),
        {1: ["a"], 2: ["b"]}.values(),
    ],
)
def test_many_jobs_from_lists_tuples_and_generators(store, items):
    enqueued = NoteJob.enqueue_many(items)

    assert arguments(store) == [["a"], ["b"]]
    assert [e.id for e in enqueued] == [payload.id for payload in payloads(store)]


def test_many_jobs_from_dictionaries(store):
    NoteJob.enqueue_many([{"text": "a"}, {"text": "b", "count": 2}])

    assert [payload.kwargs for payload in payloads(store)] == [
        {"text": "a"},
        {"text": "b", "count": 2},
    ]


def test_many_jobs_take_the_options_of_using(store):
    NoteJob.using(queue="low", run_after=HOUR).enqueue_many([["a"], ["b"]])

    assert store.client.zcard(store.keys("low").scheduled) == 2


@pytest.mark.parametrize(
    ("count", "batch_size", "calls"), [(0, 10, 0), (10, 10, 1), (11, 10, 2), (3, 1, 3)]
)
def test_each_batch_is_one_push(store, count, batch_size, calls):
    NoteJob.enqueue("warm")
    store.client.config_resetstat()

    assert (
        len(NoteJob.enqueue_many(([f"{n}"] for n in range(count)), batch_size=batch_size)) == count
    )

    assert pushes(store.client) == calls
    assert len(payloads(store)) == count + 1


@pytest.mark.parametrize(
    "items", ["ab", ["a", "b"], [1, 2], [b"ab"], [None], {"text": "a"}, [{"a"}]]
)
def test_items_that_are_no_arguments_are_refused_with_an_example(store, items):
    with pytest.raises(
        InvalidArguments, match=r"write \[\(1,\), \(2,\)\] for jobs of one argument"
    ):
        NoteJob.enqueue_many(items)

    assert store.client.dbsize() == 0


def test_wrong_item_spoils_its_batch_but_not_the_earlier_ones(store):
    with pytest.raises(InvalidArguments, match="missing a required argument"):
        NoteJob.enqueue_many([["a"], ["b"], ["c"], []], batch_size=2)

    assert arguments(store) == [["a"], ["b"]]


@pytest.mark.parametrize("batch_size", [0, -1])
def test_batch_must_hold_something(batch_size):
    with pytest.raises(InvalidArguments, match="batch_size must be at least 1"):
        NoteJob.enqueue_many([["a"]], batch_size=batch_size)


# aenqueue


def test_coroutine_enqueues(store):
    enqueued = async_to_sync(NoteJob.aenqueue)("a")
    configured = async_to_sync(NoteJob.using(queue="low").aenqueue)("b")

    assert (enqueued.queue, configured.queue) == ("default", "low")
    assert (arguments(store), arguments(store, "low")) == ([["a"]], [["b"]])


def test_coroutine_hears_of_wrong_arguments():
    with pytest.raises(InvalidArguments, match="missing a required argument"):
        async_to_sync(NoteJob.aenqueue)()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_rolled_back", [False, True])
def test_coroutine_called_inside_a_transaction_waits_for_it(store, is_rolled_back):
    with transaction.atomic():
        async_to_sync(NoteJob.aenqueue)("a")
        before = arguments(store)
        transaction.set_rollback(is_rolled_back)

    assert before == []
    assert arguments(store) == ([] if is_rolled_back else [["a"]])


def made_in_a_function():
    class LocalJob(Job):
        def perform(self) -> None:
            """Do nothing."""

    return LocalJob


KeptJob = made_in_a_function()


def test_class_that_only_this_process_has_is_refused(store):
    with pytest.raises(InvalidJob, match=r"LocalJob is defined inside a function.* jobs module"):
        made_in_a_function().enqueue()
    with pytest.raises(InvalidJob, match="inside a function"):
        made_in_a_function().using(queue="low").enqueue_many([()])

    assert store.client.keys("*") == []


def test_class_that_its_module_keeps_is_known_to_workers_too(store):
    KeptJob.enqueue()

    assert store.client.zcard(store.keys("default").ready) == 1


def test_test_may_collect_a_class_that_it_defines():
    with mode("fake"):
        local = made_in_a_function()
        local.enqueue()
        assert drain() == 1

    with pytest.raises(InvalidJob, match="inside a function"):
        local.enqueue()
