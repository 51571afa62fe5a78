"""The base class of all jobs, which is all that a project needs."""

import inspect
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, overload

import orjson

from jobs.abilities import Able
from jobs.enqueue import Arguments, ConfiguredJob, EnqueuedJob
from jobs.errors import ConfigurationError, InvalidJob
from jobs.habits import OTHER_PERFORMS, explain_habits
from jobs.ids import new_job_id
from jobs.middleware.chain import declared_options
from jobs.occasion import SeesOccasion
from jobs.options import JobOptions, check_fit
from jobs.parameters import Parameters
from jobs.payload import Payload
from jobs.performing import P, Performs, R
from jobs.registry import registry
from jobs.run import run_payload
from jobs.signs import StopSigns
from jobs.stated import stated_options


class Retry(Enum):
    """What `retry_in` may return instead of seconds."""

    KILL = "kill"
    DISCARD = "discard"


class Job(Able, SeesOccasion):
    """A unit of work in the background.

    Subclass it in the `jobs` module of an app and write `perform`. Options are class attributes:
    see `jobs.options.JobOptions`. A subclass without `perform` is a base for others.
    """

    #: Those of the class; on a job that runs, with what `using()` changed.
    options: JobOptions = JobOptions()
    is_async: ClassVar[bool] = False
    queue: str
    if TYPE_CHECKING:

        def perform(self, *args: Any, **kwargs: Any) -> Any:
            """Do the work."""

    _parameters: ClassVar[Parameters]
    _ends_at: float | None = None

    def __init_subclass__(cls, *, stored_as: str = "", **kwargs: Any) -> None:
        """Collect and check the options, and register the class if it can perform.

        Its jobs are stored under its usual name, or as `stored_as`. Raise InvalidJob.
        """
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "perform"):
            cls._parameters = Parameters(cls, cls.perform)
        try:
            cls.options = _options_of(cls)
        except ConfigurationError:
            # Nobody knows which options there are. The system checks say what is wrong in JOBS, and
            # every enqueue does, so that this need not end the start of the process.
            _undecided.append(cls)
        if hasattr(cls, "perform"):
            cls.is_async = inspect.iscoroutinefunction(cls.perform)
            registry.add(cls, stored_as)

    def __init__(self, payload: Payload | None = None, stops: StopSigns | None = None) -> None:
        """Prepare one run. A test may call it without arguments."""
        self._payload = payload
        self._stops = stops
        #: The queue that this job came from.
        self.queue = payload.queue if payload else self.options.queue

    # Enqueueing

    @classmethod
    def enqueue(cls: type[Performs[P, Any]], /, *args: P.args, **kwargs: P.kwargs) -> EnqueuedJob:
        """Enqueue a job with these arguments of `perform`, and return its id and queue.

        Inside `transaction.atomic()` the job is pushed when the transaction commits, and never if
        it does not. Raise InvalidArguments when they do not fit `perform` or are not JSON,
        StoreUnavailable when Redis does not answer within JOBS["ENQUEUE_TIMEOUT"], and QueueFull
        beyond JOBS["QUEUE_LIMITS"]. One round trip, O(log n).
        """
        return _configured(cls).enqueue(*args, **kwargs)

    @classmethod
    async def aenqueue(
        cls: type[Performs[P, Any]], /, *args: P.args, **kwargs: P.kwargs
    ) -> EnqueuedJob:
        """Do what `enqueue` does, from a coroutine."""
        return await _configured(cls).aenqueue(*args, **kwargs)

    @classmethod
    def enqueue_many(
        cls, arguments: Iterable[Arguments], batch_size: int = 1000
    ) -> list[EnqueuedJob]:
        """Enqueue one job for each item, and return their ids and queues.

        An item is a list or tuple of arguments, or a dictionary of them by name. The items are read
        and pushed in batches of `batch_size` jobs or about 1 MB, one round trip for each. While
        Redis works on a batch the next is read, so that the failure of one may show a batch later.
        Jobs of earlier batches stay enqueued when a later batch fails: StoreUnavailable and
        QueueFull tell how many, any other error in a note. JOBS["ENQUEUE_TIMEOUT"] bounds each
        round trip, not all of them together.
        """
        return _configured(cls).enqueue_many(arguments, batch_size)

    @classmethod
    def using(
        cls: type[Performs[P, Any]],
        /,
        *,
        run_after: datetime | timedelta | None = None,
        commit: str | None = None,
        **options: Any,
    ) -> ConfiguredJob[P]:
        """Return a changed copy to enqueue with: `CompleteOrderJob.using(queue="low").enqueue(7)`.

        `run_after` is an aware datetime, or a timedelta from now. `commit="immediate"` does not
        wait for the open transaction. `key` and `id` are texts of yours: no second job has the same
        (docs/unique.md). All others are options. Raise InvalidJob or InvalidArguments.
        """
        return _configured(cls).using(run_after=run_after, commit=commit, **options)

    @overload
    @classmethod
    def perform_now(
        cls: type[Performs[P, Coroutine[Any, Any, R]]], /, *args: P.args, **kwargs: P.kwargs
    ) -> R: ...

    @overload
    @classmethod
    def perform_now(cls: type[Performs[P, R]], /, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @classmethod
    def perform_now(cls: type[Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run the job here and now, and return what `perform` returns.

        It runs through the middleware, and errors are raised. Arguments are checked and go through
        JSON as they would on their way to a worker. Redis is not used.
        """
        payload = Payload(
            cls.options.priority,
            new_job_id(),
            _configured(cls).check(args, kwargs),
            cls.options.queue,
            orjson.loads(orjson.dumps(args)),
            orjson.loads(orjson.dumps(kwargs)),
            enqueued_at=time.time(),
        )
        return run_payload(payload)

    # Inside a run

    @property
    def job_id(self) -> str:
        """The id of this job, the same in every attempt."""
        return self._payload.id if self._payload else ""

    @property
    def attempt(self) -> int:
        """The number of this run: 1, and one more after each failure.

        Stops and crashes do not count.
        """
        return self._payload.attempt if self._payload else 1

    @property
    def stopping(self) -> bool:
        """Whether the job had better end.

        Its worker was asked to stop, or a person cancelled it. A long job that looks here now and
        then can end in good order.
        """
        return self._stops is not None and self._stops.is_stopping(self.job_id)

    @property
    def cancelled(self) -> bool:
        """Whether a person cancelled this job while it runs.

        Then it will not be tried again by itself.
        """
        return self._stops is not None and self._stops.is_cancelled(self.job_id)

    def remaining(self) -> float | None:
        """Return the seconds that are left until the time limit.

        None without a limit, and never below 0: it fits where a call wants a timeout.
        """
        return None if self._ends_at is None else max(0.0, self._ends_at - time.monotonic())

    @property
    def is_on_worker(self) -> bool:
        """Whether a worker runs the job, and not `perform_now` or a test."""
        return self._stops is not None

    @property
    def context(self) -> Mapping[str, Any]:
        """What client middleware wrote into the payload."""
        return self._payload.context if self._payload else {}

    @property
    def available_at(self) -> float:
        """When the job might first have run, in epoch seconds."""
        payload = self._payload
        return (payload.run_after or payload.enqueued_at) if payload else time.time()

    def option(self, name: str, default: Any = None) -> Any:
        """Return an option of a feature or middleware, as it holds here."""
        return self.options.others.get(name, default)

    # Hooks

    def retry_in(self, attempt: int, error: BaseException) -> float | Retry | None:
        """Return the seconds to wait after failed attempt number `attempt`.

        It may be a `Retry` too, or None for the default.
        """
        return None

    def on_exhausted(self, error: BaseException) -> None:
        """Do something when the job will not be tried again.

        An exception here is logged and goes no further.
        """

    # Definition

    @classmethod
    def check_signature(cls, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Raise InvalidArguments unless `perform` can be called with these."""
        cls._parameters.check(args, kwargs)

    @classmethod
    def parameter_names(cls) -> tuple[str, ...]:
        """Return the names of the arguments of `perform` that can be given by position.

        `*args` is the last.
        """
        return cls._parameters.names


explain_habits(Job)


def _configured(job_class: type[Performs[P, Any]]) -> ConfiguredJob[P]:
    """Return a job class with its own options, ready to enqueue.

    It is made once. Raise InvalidJob for a class without `perform`.
    """
    known: Any = job_class  # a Job, which `Performs` does not say
    if not hasattr(known, "perform"):
        other = next((name for name in OTHER_PERFORMS if hasattr(known, name)), None)
        hint = f" Rename its {other} to perform." if other else ""
        raise InvalidJob(
            f"{known.__qualname__} has no perform method, so it cannot be enqueued or run.{hint}"
        )
    default: ConfiguredJob[P] | None = known.__dict__.get("_default")
    if default is not None:
        return default
    decide_options()
    made: ConfiguredJob[P] = ConfiguredJob(known, known.options, {})
    known._default = made  # noqa: SLF001  # a cache
    return made


#: For a message about an unknown option.
_BESIDES = "Name a constant of your own in CAPITALS or with a leading underscore."
#: Classes that were defined while the middleware could not be loaded.
_undecided: list[type[Job]] = []


def decide_options() -> None:
    """Collect the options of the classes that were defined while JOBS was wrong.

    Raise InvalidJob, or ConfigurationError while it still is.
    """
    while _undecided:
        job_class = _undecided[-1]
        job_class.options = _options_of(job_class)
        check_fit(job_class, job_class.options)
        _undecided.pop()


def _options_of(job_class: type[Job]) -> JobOptions:
    """Return the options of a class and its bases, checked."""
    options, name = JobOptions(), job_class.__qualname__
    for base in reversed(job_class.__mro__):
        stated = stated_options(base, is_job=issubclass(base, Job))
        options = options.merged(stated, name, declared_options, _BESIDES)
    if hasattr(job_class, "perform"):
        check_fit(job_class, options)
    return options
