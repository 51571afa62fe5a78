"""From `task.enqueue()` to a job in Redis."""

import asyncio
import pickle
import re
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from datetime import timezone as tz
from functools import wraps

import django
import pytest
from django.db import transaction
from django.dispatch import Signal
from django.test import override_settings
from django.utils import timezone
from django.utils.module_loading import import_string

from jobs import InvalidArguments, Middleware
from jobs.contrib.django_tasks import JobsTask, task
from jobs.contrib.django_tasks.versions import (
    InvalidTask,
    Task,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_enqueued,
)
from jobs.inspect import find
from jobs.options import Option
from jobs.registry import registry
from tests.jobs.contrib import some_tasks
from tests.jobs.contrib.ended import ended
from tests.jobs.enqueued import payloads as payloads_in

BACKEND = "jobs.contrib.django_tasks.JobsBackend"
PATH = "tests.jobs.contrib.some_tasks"
LATER = timezone.now() + timedelta(hours=1)


class VetoMiddleware(Middleware):
    def enqueue(self, payload):
        return None


class TenantMiddleware(Middleware):
    options = dict.fromkeys(
        ("tenant", "region"), Option(lambda value: isinstance(value, str), "a text")
    )


@pytest.fixture
def payloads(store):
    """Return a function that returns the payloads of a queue."""
    return lambda queue="default": payloads_in(store, queue)


@pytest.fixture
def enqueued_signals():
    heard = []

    def hear(sender, task_result, **kwargs):
        heard.append((sender.__name__, task_result.id, task_result.enqueued_at))

    assert isinstance(task_enqueued, Signal)
    task_enqueued.connect(hear)
    yield heard
    task_enqueued.disconnect(hear)


@pytest.fixture
def raising_receiver():
    def fail(**kwargs):
        raise RuntimeError("no")

    task_enqueued.connect(fail)
    yield
    task_enqueued.disconnect(fail)


def test_job_has_the_name_of_the_function_and_its_options(payloads):
    some_tasks.add.using(queue_name="high", priority=7, run_after=LATER).enqueue(1, 2)

    (payload,) = payloads("high")
    assert payload.job_class == f"{PATH}.add"
    assert (payload.queue, payload.priority, payload.args) == ("high", 7, [1, 2])
    assert payload.run_after == LATER.timestamp()
    assert payload.options == {}


def test_options_of_a_call_travel(payloads):
    some_tasks.fail.using(retry_for=timedelta(hours=1), keep_result_for=timedelta(60)).enqueue("x")

    (payload,) = payloads()
    assert payload.options == {
        "max_retries": None,
        "retry_for": {"timedelta_seconds": 3600.0},
        "keep_result_for": {"timedelta_seconds": 60 * 86_400.0},
    }


def test_options_of_the_decorator_are_those_of_the_job_class():
    options = registry.find(f"{PATH}.fail_for_nobody").options

    assert (options.max_retries, options.dead) == (0, False)
    assert options.others["keep_result_for"] == timedelta(days=1)


def test_parameters_are_those_of_the_function_without_its_context():
    assert registry.find(f"{PATH}.tell_context").parameter_names() == ()
    with pytest.raises(InvalidArguments, match="word"):
        some_tasks.tell_context.enqueue()
    with pytest.raises(InvalidArguments, match="too many"):
        some_tasks.once_an_order.enqueue(1, 2)


def test_second_of_a_unique_task_is_the_first():
    first = some_tasks.once_an_order.enqueue(7)
    second = some_tasks.once_an_order.enqueue(7)
    other = some_tasks.once_an_order.enqueue(8)

    assert second.id == first.id != other.id
    assert second.enqueued_at is None
    second.refresh()
    assert second == first


@override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": ["default", "mail"]}})
def test_queue_that_tasks_may_not_name_is_told_with_those_that_they_may():
    with pytest.raises(InvalidTask, match=r"QUEUES of TASKS\['default'\].*default, mail"):
        some_tasks.fail.using(queue_name="imports")


def test_unique_and_transient_errors_are_no_options_of_a_call():
    with pytest.raises(InvalidTask, match="unique belongs to the function"):
        some_tasks.add.using(unique=some_tasks.once_an_order.unique)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"max_retries": -1}, "whole number, 0 or more"),
        ({"max_retries": 1, "retry_for": timedelta(1)}, "exclude each other"),
        ({"time_limit": 3}, "positive timedelta"),
        ({"expires_in": "soon"}, "positive timedelta"),
        ({"queue_name": "no spaces"}, "letters, digits"),
        ({"unique": some_tasks.once_an_order.unique}, "order_id"),
        ({"options": {"max_retires": 1}}, "Did you mean 'max_retries'"),
        ({"priority": 101}, "priority must be a whole number"),
        (
            {"options": {"queue": "imports"}},
            "'queue' is none. Beside it a task has priority, queue",
        ),
        ({"options": {"task_backend": "other"}}, "'task_backend' is none"),
        ({"options": {"schedule": "daily"}}, "'schedule' is none"),
        ({"options": ["needs_tenant"]}, "options must be a dictionary"),
    ],
)
def test_wrong_option_is_refused_where_it_is_written(options, reason):
    with pytest.raises(InvalidTask, match=reason):
        task(**options)(some_tasks.plain_function)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("max_retires", "unknown option 'max_retires'. Did you mean 'max_retries'"),
        ("queue", "Did you mean 'queue_name'"),
        ("timetable", "Known options: max_retries, "),
    ],
)
def test_option_that_nobody_knows_is_refused_and_told_which_there_are(name, told):
    options: dict = {name: 1}

    with pytest.raises(TypeError, match=re.escape(told)):
        task(**options)(some_tasks.plain_function)
    with pytest.raises(TypeError, match=re.escape(told)):
        some_tasks.add.using(**options)


def test_time_of_a_call_is_refused_in_the_decorator():
    with pytest.raises(TypeError, match="run_after"):
        task(run_after=LATER)(some_tasks.plain_function)


def test_decorator_of_django_takes_the_options_from_6_1_on():
    own = import_string("django.tasks.task" if django.VERSION >= (6,) else "django_tasks.task")

    if django.VERSION[:2] == (6, 0):
        with pytest.raises(TypeError, match="max_retries"):
            own(max_retries=2)
        return
    made = own(max_retries=2)(some_tasks.plain_function)
    assert isinstance(made, JobsTask)
    assert (made.max_retries, made.keep_result_for) == (2, timedelta(days=1))


def test_options_of_middleware_are_added_to_those_of_the_decorator(settings):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": [f"{__name__}.TenantMiddleware"]}
    of_tenant = task(options={"tenant": "a"})(some_tasks.plain_function)

    changed = of_tenant.using(options={"region": "north"})

    assert changed.options == {"tenant": "a", "region": "north"}
    assert changed.using(options={"tenant": "b"}).options == {"tenant": "b", "region": "north"}


def test_one_rule_for_retries_replaces_the_other():
    changed = some_tasks.fail.using(retry_for=timedelta(hours=1))

    assert (changed.max_retries, changed.retry_for) == (None, timedelta(hours=1))
    assert changed.using(max_retries=2).retry_for is None


def test_unique_task_stays_in_its_queue():
    with pytest.raises(InvalidTask, match="within one queue only"):
        some_tasks.once_an_order.using(queue_name="high").enqueue(7)


def test_task_that_no_worker_would_find_is_refused():
    with pytest.raises(InvalidTask, match="keep its name"):
        some_tasks.renamed.enqueue()


def test_task_of_a_function_that_has_the_name_of_another_is_refused(monkeypatch):
    @wraps(some_tasks.add.func)
    def add_fast(*numbers: int) -> int:
        return 0

    with pytest.raises(InvalidTask, match="is not this task"):
        task(add_fast).enqueue(1)


@pytest.mark.parametrize(
    ("run_after", "told"),
    [
        (timedelta(hours=1), "must be a datetime such as"),
        ("tomorrow", "must be a datetime such as"),
        (datetime(1969, 12, 31, tzinfo=UTC), "between 1970 and 100 years"),
        (datetime.max.replace(tzinfo=UTC), "between 1970 and 100 years"),
        (datetime.min.replace(tzinfo=UTC), "between 1970 and 100 years"),
        (datetime.max.replace(tzinfo=tz(timedelta(hours=-12))), "between 1970 and 100 years"),
    ],
)
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_time_that_no_task_can_have_is_refused_where_it_is_written(run_after, told, zone):
    with override_settings(TIME_ZONE=zone), pytest.raises(InvalidTask, match=told):
        some_tasks.add.using(run_after=run_after)


@override_settings(USE_TZ=False)
def test_naive_time_that_no_task_can_have_is_refused():
    for run_after in (datetime.min, datetime.max):  # noqa: DTZ901  # that is what is tested
        with pytest.raises(InvalidTask, match="between 1970 and 100 years"):
            some_tasks.add.using(run_after=run_after)


def test_task_is_a_value():
    changed = some_tasks.add.using(max_retries=2)

    assert changed == some_tasks.add.using(max_retries=2) != some_tasks.add
    assert hash(changed) == hash(some_tasks.add.using(max_retries=2))
    assert some_tasks.add.using() == some_tasks.add
    if hasattr(JobsTask, "_reconstruct"):  # Django 6.1
        assert pickle.loads(pickle.dumps(changed)) == changed


@pytest.mark.django_db(transaction=True)
def test_task_of_a_transaction_is_enqueued_at_its_commit(enqueued_signals):
    with transaction.atomic():
        result = some_tasks.add.enqueue(1)

        assert (result.status, result.enqueued_at) == (TaskResultStatus.READY, None)
        with pytest.raises(TaskResultDoesNotExist):
            result.refresh()
        assert enqueued_signals == []

    assert result.enqueued_at is not None
    assert some_tasks.add.get_result(result.id) == result
    assert enqueued_signals == [("JobsBackend", result.id, result.enqueued_at)]


@pytest.mark.django_db(transaction=True)
def test_signal_comes_after_the_push_of_all_jobs(enqueued_signals):
    seen = []
    task_enqueued.connect(
        seen_by := lambda sender, task_result, **kw: seen.append(find(task_result.id) is not None)
    )

    with transaction.atomic():
        some_tasks.add.enqueue(1)
        some_tasks.add.enqueue(2)

    task_enqueued.disconnect(seen_by)
    assert seen == [True, True]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_of_a_task_that_was_rolled_back(enqueued_signals, payloads):
    with transaction.atomic():
        kept = some_tasks.add.enqueue(1)
        with transaction.atomic():
            some_tasks.add.enqueue(2)
            transaction.set_rollback(True)

    assert [job_id for _, job_id, _ in enqueued_signals] == [kept.id]
    assert len(payloads()) == 1


@pytest.mark.django_db(transaction=True)
def test_task_is_enqueued_at_once_where_the_backend_says_so(enqueued_signals):
    tasks = {"default": {"BACKEND": BACKEND, "OPTIONS": {"commit": "immediate"}}}
    with override_settings(TASKS=tasks), transaction.atomic():
        result = some_tasks.add.enqueue(1)

        assert result.enqueued_at is not None
        assert some_tasks.add.get_result(result.id) == result
        assert len(enqueued_signals) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", [transaction.atomic, nullcontext])
def test_receiver_that_raises_keeps_no_task_from_being_enqueued(
    enqueued_signals, raising_receiver, payloads, place
):
    with place():
        some_tasks.add.enqueue(1)
        some_tasks.add.enqueue(2)

    assert len(payloads()) == 2
    assert len(enqueued_signals) == 2


def test_vetoed_task_has_failed(settings):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": [f"{__name__}.VetoMiddleware"]}

    result = some_tasks.add.enqueue(1)

    assert result.status == TaskResultStatus.FAILED
    assert "vetoed" in result.errors[0].traceback


def test_alias_travels_with_the_task(worker):
    both = {name: {"BACKEND": BACKEND, "QUEUES": []} for name in ("default", "other")}
    with override_settings(TASKS=both):
        result = some_tasks.add.using(backend="other").enqueue(1)
        found = ended(some_tasks.add.get_result(result.id))

        assert (result.backend, found.backend, found.task) == ("other", "other", result.task)


def test_time_without_time_zones_is_that_of_the_machine(payloads):
    naive = datetime.now() + timedelta(hours=1)  # noqa: DTZ005  # that is what is tested

    with override_settings(USE_TZ=False):
        some_tasks.add.using(run_after=naive).enqueue(1)

    assert payloads()[0].run_after == naive.timestamp()


def test_coroutine_enqueues(payloads):
    async def enqueue() -> str:
        return (await some_tasks.add.aenqueue(1)).id

    assert asyncio.run(enqueue()) == payloads()[0].id


@pytest.mark.django_db(transaction=True)
def test_second_of_a_unique_task_in_a_transaction_is_the_first_after_it(enqueued_signals):
    with transaction.atomic():
        first = some_tasks.once_an_order.enqueue(7)
        second = some_tasks.once_an_order.enqueue(7)

    assert second.id == first.id
    assert [job_id for _, job_id, _ in enqueued_signals] == [first.id]
    second.refresh()
    assert second == first


def test_others_may_watch_each_enqueue_by_replacing_it(monkeypatch):
    watched = []
    enqueue = Task.enqueue

    def watch(self, *args, **kwargs):
        watched.append((self.name, args))
        return enqueue(self, *args, **kwargs)

    monkeypatch.setattr(Task, "enqueue", watch)  # as Sentry does
    some_tasks.add.using(priority=1).enqueue(1)

    assert watched == [("add", (1,))]
