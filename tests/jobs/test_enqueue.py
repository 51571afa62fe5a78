"""From a call to a payload in Redis, and every bad input on the way."""

import datetime
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from jobs import InvalidArguments, InvalidJob, Job, Middleware
from jobs.enqueue import options_of
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


class ByTimeJob(Job):
    retry_for = HOUR

    def perform(self) -> None:
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
    assert before <= payload.enqueued_at <= timezone.now().timestamp()
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


# Changed copies


def test_using_changes_a_copy_only(store):
    NoteJob.using(queue="low").enqueue("a")
    NoteJob.enqueue("b")

    assert (arguments(store, "low"), arguments(store)) == ([["a"]], [["b"]])


def test_every_option_may_be_changed(store):
    changes = {"max_retries": 3, "dead": False, "keep_result_for": HOUR, "backtrace": False, "expires_in": HOUR}

    NoteJob.using(queue="low", priority=-5, **changes).enqueue("a")

    [payload] = payloads(store, "low")
    options = options_of(NoteJob, payload)
    assert payload.priority == -5
    assert (options.max_retries, options.dead, options.keep_result_for, options.backtrace) == (3, False, HOUR, False)
    assert options.others["expires_in"] == HOUR


def test_using_may_be_said_in_steps_and_the_last_word_counts(store):
    NoteJob.using(priority=1, queue="low").using(priority=2).enqueue("a")

    [payload] = payloads(store, "low")
    assert payload.priority == 2


def test_limit_of_retrying_said_last_is_the_one_that_travels(store):
    NoteJob.using(max_retries=3).using(retry_for=HOUR).enqueue("a")
    NoteJob.using(retry_for=HOUR).using(max_retries=3).enqueue("b")

    by_time, by_count = [options_of(NoteJob, payload) for payload in payloads(store)]
    assert (by_time.max_retries, by_time.retry_for) == (None, HOUR)
    assert (by_count.max_retries, by_count.retry_for) == (3, None)


def test_count_replaces_the_time_of_the_class(store):
    ByTimeJob.using(max_retries=2).enqueue()

    options = options_of(ByTimeJob, payloads(store)[0])
    assert (options.max_retries, options.retry_for) == (2, None)


def test_option_of_the_class_may_change_until_the_job_runs(store):
    NoteJob.enqueue("a")

    assert options_of(NoteJob, payloads(store)[0]) is NoteJob.options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"queue": "no spaces"}, r"NoteJob.using\(\): option 'queue' must be 1 to 100 letters"),
        ({"priority": 101}, "from -100 to 100"),
        ({"max_retries": -1}, "a whole number, 0 or more"),
        ({"qeue": "low"}, "unknown option 'qeue'. Did you mean 'queue'?"),
        ({"delay": 5}, "unknown option 'delay'"),
        ({"max_retries": 1, "retry_for": HOUR}, "exclude each other"),
    ],
)
def test_wrong_option_is_named(options, message):
    with pytest.raises(InvalidJob, match=message.replace("?", r"\?")):
        NoteJob.using(**options)


def test_option_that_cannot_travel_is_refused():
    with pytest.raises(InvalidArguments, match="only be set on the job class"):
        NoteJob.using(transient_errors=(ValueError,)).enqueue("a")


@pytest.mark.parametrize("commit", ["later", True, ""])
def test_wrong_commit_is_named(commit):
    with pytest.raises(InvalidArguments, match="commit must be 'on_commit' or 'immediate'"):
        NoteJob.using(commit=commit)


# run_after


def test_job_is_scheduled_by_a_timedelta_on_the_clock_of_redis(store):
    seconds, _ = store.client.time()

    enqueued = NoteJob.using(run_after=HOUR).enqueue("a")

    due = store.client.zscore(store.keys("default").scheduled, enqueued.id)
    assert seconds + 3600 <= due / 1000 <= seconds + 3610
    assert payloads(store)[0].run_after == pytest.approx(due / 1000, abs=2)


def test_job_is_scheduled_for_a_moment(store):
    moment = timezone.now() + HOUR

    enqueued = NoteJob.using(run_after=moment).enqueue("a")

    assert store.client.zscore(store.keys("default").scheduled, enqueued.id) == round(moment.timestamp() * 1000)
    assert payloads(store)[0].run_after == moment.timestamp()


def test_moment_in_another_time_zone_is_the_same_moment(store):
    moment = timezone.now() + HOUR
    elsewhere = moment.astimezone(datetime.timezone(timedelta(hours=-7)))

    enqueued = NoteJob.using(run_after=elsewhere).enqueue("a")

    assert store.client.zscore(store.keys("default").scheduled, enqueued.id) == round(moment.timestamp() * 1000)


@pytest.mark.parametrize("moment", [timedelta(0), datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)])
def test_job_of_a_moment_that_has_come_is_ready(store, moment):
    NoteJob.using(run_after=moment).enqueue("a")

    assert store.client.zcard(store.keys("default").ready) == 1


@pytest.mark.parametrize(
    ("run_after", "message"),
    [
        (datetime.datetime(2030, 1, 1), "naive datetime 2030-01-01 00:00:00; make it aware"),  # noqa: DTZ001
        (timedelta(seconds=-1), "in the past"),
        (60, "must be a timedelta or an aware datetime, not 60"),
        ("2030-01-01", "must be a timedelta or an aware datetime"),
        (datetime.date(2030, 1, 1), "must be a timedelta or an aware datetime"),
    ],
)
def test_wrong_moment_is_refused_with_a_remedy(run_after, message):
    with pytest.raises(InvalidArguments, match=message) as raised:
        NoteJob.using(run_after=run_after)

    assert "NoteJob.using()" in str(raised.value)


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

    assert [payload.kwargs for payload in payloads(store)] == [{"text": "a"}, {"text": "b", "count": 2}]


def test_many_jobs_take_the_options_of_using(store):
    NoteJob.using(queue="low", run_after=HOUR).enqueue_many([["a"], ["b"]])

    assert store.client.zcard(store.keys("low").scheduled) == 2


@pytest.mark.parametrize(("count", "batch_size", "calls"), [(0, 10, 0), (10, 10, 1), (11, 10, 2), (3, 1, 3)])
def test_each_batch_is_one_push(store, count, batch_size, calls):
    NoteJob.enqueue("warm")
    store.client.config_resetstat()

    assert len(NoteJob.enqueue_many(([f"{n}"] for n in range(count)), batch_size=batch_size)) == count

    assert pushes(store.client) == calls
    assert len(payloads(store)) == count + 1


@pytest.mark.parametrize("items", ["ab", ["a", "b"], [1, 2], [b"ab"], [None], {"text": "a"}, [{"a"}]])
def test_items_that_are_no_arguments_are_refused_with_an_example(store, items):
    with pytest.raises(InvalidArguments, match=r"write \[\(1,\), \(2,\)\] for jobs of one argument"):
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
