"""The base class: options as attributes, signatures, and running a job here and now."""

from datetime import timedelta

import pytest

from jobs import Every, InvalidArguments, InvalidJob, Job, Middleware, Unique, UnknownJob
from jobs.payload import Payload
from jobs.registry import registry
from jobs.worker.stops import Stops

HOUR = timedelta(hours=1)
#: Tidying up looks at the connections that other tests left open.
#: pytest-django wants to know of it.
pytestmark = pytest.mark.django_db(databases=["default", "fake_services"])
log: list = []


class Recorder(Middleware):
    """Notes what it sees around every run."""

    def perform(self, job, call_next):
        log.append(("before", job.job_id, job.attempt, job.queue))
        result = call_next()
        log.append("after")
        return result

    async def aperform(self, job, call_next):
        log.append("before coroutine")
        result = await call_next()
        log.append("after coroutine")
        return result


class SumJob(Job):
    queue = "high"

    def perform(self, *numbers: int) -> int:
        """Return the sum."""
        return sum(numbers)


class AsyncSumJob(Job):
    async def perform(self, one: int, two: int = 2) -> int:
        """Return the sum."""
        return one + two


class EchoJob(Job):
    def perform(self, value):
        """Return the very object that came in."""
        return value


class FailingJob(Job):
    def perform(self):
        """Fail."""
        raise ValueError("on purpose")


def defined(name="DefinedJob", bases=(Job,), **attributes):
    """Define a job class that can perform."""
    return type(name, bases, {"__module__": __name__, "perform": lambda self: None} | attributes)


# Options


def test_class_without_options_has_the_defaults():
    options = defined().options

    assert (options.queue, options.priority, options.max_retries, options.dead) == (
        "default",
        0,
        None,
        True,
    )


def test_options_are_class_attributes():
    options = defined(
        queue="high", priority=5, max_retries=0, dead=False, keep_result_for=HOUR
    ).options

    assert (options.queue, options.priority, options.max_retries) == ("high", 5, 0)
    assert (options.dead, options.others["keep_result_for"]) == (False, HOUR)


def test_subclass_inherits_and_overrides():
    base = defined("BaseJob", queue="low", priority=5)

    child = defined("ChildJob", (base,), priority=7)

    assert (child.options.queue, child.options.priority) == ("low", 7)
    assert base.options.priority == 5


def test_base_needs_no_perform():
    base = type("BaseJob", (Job,), {"__module__": __name__, "queue": "low"})

    assert defined("ChildJob", (base,)).options.queue == "low"


def test_mixin_may_state_options_and_resets_none():
    mixin = type("Mixin", (), {"priority": 3, "unrelated": "attribute"})
    base = defined("BaseJob", queue="low", priority=1)

    child = defined("ChildJob", (mixin, base))

    assert (child.options.queue, child.options.priority) == ("low", 3)


def test_options_of_two_bases_come_together():
    first, second = defined("FirstJob", queue="low"), defined("SecondJob", queue="high", priority=9)

    child = defined("ChildJob", (first, second))

    assert (child.options.queue, child.options.priority) == ("low", 9)


def test_limit_of_the_subclass_replaces_that_of_the_base():
    base = defined("BaseJob", retry_for=HOUR)

    child = defined("ChildJob", (base,), max_retries=3)
    grandchild = defined("GrandchildJob", (child,))

    assert (grandchild.options.max_retries, grandchild.options.retry_for) == (3, None)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (
            {"qeue": "high"},
            (
                r"DefinedJob: unknown option 'qeue'. Did you mean 'queue'\? "
                r"Known options: queue, priority"
            ),
        ),
        (
            {"recipients": ["a"]},
            "unknown option 'recipients'.* CAPITALS or with a leading underscore",
        ),
        ({"queue": "no spaces"}, "option 'queue' must be"),
        ({"priority": "high"}, "option 'priority' must be a whole number"),
        ({"max_retries": 3, "retry_for": HOUR}, "exclude each other"),
        ({"run_after": HOUR}, "unknown option 'run_after'"),
        ({"unique": Unique}, r"option 'unique' must be a jobs.Unique, not <class 'jobs\."),
        ({"schedule": Every}, r"option 'schedule' must be Cron\(...\), Every\(...\)"),
        ({"queue": str}, "option 'queue' must be 1 to 100 letters"),
    ],
)
def test_wrong_option_fails_when_the_class_is_defined(attributes, message):
    with pytest.raises(InvalidJob, match=message):
        defined(**attributes)


def test_constants_methods_and_private_names_are_no_options():
    job_class = defined(
        RECIPIENTS=["a"],
        _cache={},
        helper=lambda self: None,
        shared=staticmethod(len),
        made=classmethod(lambda cls: None),
        label=property(lambda self: "x"),
        Inner=type("Inner", (), {}),
    )

    assert job_class.options.queue == "default"


def test_class_that_was_refused_is_not_registered():
    with pytest.raises(InvalidJob):
        defined("RefusedJob", qeue="x")

    with pytest.raises(UnknownJob):
        registry.find(f"{__name__}.RefusedJob")


# Signatures


@pytest.mark.parametrize("perform", [7, "text", None])
def test_perform_must_be_a_method(perform):
    with pytest.raises(InvalidJob, match="perform must be a method"):
        defined(perform=perform)


def nothing(self):
    """Take nothing."""


def one(self, a):
    """Take one."""


def one_or_two(self, a, b=2):
    """Take one or two."""


def any_number(self, *args):
    """Take any number."""


def at_least_one(self, a, *args):
    """Take one or more."""


def named(self, *, a):
    """Take one by name."""


def named_or_not(self, a=1, *, b=2, **more):
    """Take what comes by name."""


@pytest.mark.parametrize(
    ("perform", "args", "kwargs", "fits"),
    [
        (nothing, (), {}, True),
        (nothing, (1,), {}, False),
        (one, (1,), {}, True),
        (one, (), {"a": 1}, True),
        (one, (), {}, False),
        (one, (1, 2), {}, False),
        (one, (1,), {"a": 1}, False),
        (one_or_two, (1,), {}, True),
        (one_or_two, (1, 2), {}, True),
        (one_or_two, (1, 2, 3), {}, False),
        (one_or_two, (1,), {"b": 3}, True),
        (any_number, (), {}, True),
        (any_number, tuple(range(1000)), {}, True),
        (at_least_one, (), {}, False),
        (at_least_one, (1, 2, 3), {}, True),
        (named, (), {"a": 1}, True),
        (named, (), {}, False),
        (named, (1,), {}, False),
        (named_or_not, (), {}, True),
        (named_or_not, (1,), {"c": 1}, True),
        (named_or_not, (1, 2), {}, False),
    ],
)
def test_arguments_are_bound_to_the_signature(perform, args, kwargs, fits):
    job_class = defined(perform=perform)

    if fits:
        job_class.check_signature(args, kwargs)
    else:
        with pytest.raises(InvalidArguments, match=r"DefinedJob.perform\("):
            job_class.check_signature(args, kwargs)


def test_parameters_that_can_be_given_by_position_have_names():
    assert defined(perform=one_or_two).parameter_names() == ("a", "b")
    assert defined(perform=at_least_one).parameter_names() == ("a", "args")
    assert defined(perform=named).parameter_names() == ()


def test_error_shows_the_signature_without_self():
    with pytest.raises(
        InvalidArguments, match=r"DefinedJob.perform\(a, b=2\): missing a required argument: 'a'"
    ):
        defined(perform=one_or_two).check_signature((), {})


# Here and now


def test_job_runs_here_and_now_and_returns_what_it_returns():
    assert SumJob.perform_now(1, 2, 3) == 6


def test_coroutine_runs_here_and_now():
    assert AsyncSumJob.is_async
    assert AsyncSumJob.perform_now(1, two=5) == 6


def test_error_of_a_job_run_here_is_raised():
    with pytest.raises(ValueError, match="on purpose"):
        FailingJob.perform_now()


def test_job_run_here_leaves_redis_alone(store):
    SumJob.perform_now(1)

    assert store.client.dbsize() == 0


@pytest.mark.parametrize("job_class", [SumJob, AsyncSumJob])
def test_arguments_of_a_job_run_here_are_checked(job_class):
    with pytest.raises(InvalidArguments, match="it is not JSON"):
        job_class.perform_now(object())


def test_arguments_of_a_job_run_here_go_through_json():
    original = {"lines": [1, 2]}

    seen = EchoJob.perform_now(original)

    assert seen == original
    assert seen is not original


def test_middleware_stands_around_a_job_run_here(settings):
    settings.JOBS = {"MIDDLEWARE": [f"{__name__}.Recorder"]}
    log.clear()

    SumJob.perform_now(1)
    AsyncSumJob.perform_now(1)

    [before, after, *coroutine] = log
    assert before[2:] == (1, "high")
    assert len(before[1]) == 32
    assert (after, coroutine) == ("after", ["before coroutine", "after coroutine"])


# Inside a run


def test_job_knows_its_payload():
    stops = Stops()
    stops.is_worker_stopping = True
    job = SumJob(Payload(0, "a", "x", "low", failures=2), stops)

    assert (job.job_id, job.attempt, job.queue, job.stopping) == ("a", 3, "low", True)


def test_job_without_payload_can_be_performed_in_a_test():
    job = SumJob()

    assert job.perform(1, 2) == 3
    assert (job.job_id, job.attempt, job.queue, job.stopping) == ("", 1, "high", False)


def test_hooks_do_nothing_by_default():
    job = SumJob()

    assert job.retry_in(1, ValueError()) is None
    job.on_exhausted(ValueError())
