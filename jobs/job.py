"""The base class of all jobs, which is all that a project needs."""

import inspect
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import orjson

from jobs.enqueue import Arguments, ConfiguredJob, EnqueuedJob
from jobs.errors import ConfigurationError, InvalidJob
from jobs.habits import OTHER_PERFORMS, explain_habits
from jobs.ids import new_job_id
from jobs.middleware.chain import declared_options
from jobs.occasion import SeesOccasion
from jobs.options import JobOptions, check_fit, is_declared
from jobs.parameters import Parameters
from jobs.payload import Payload
from jobs.registry import registry
from jobs.run import run_payload


class Retry(Enum):
    """What `retry_in` may return instead of seconds."""

    KILL = "kill"
    DISCARD = "discard"


class StopSigns(Protocol):
    """What a worker tells its jobs about their end."""

    def is_stopping(self, job_id: str) -> bool:
        """Whether this job had better end."""

    def is_cancelled(self, job_id: str) -> bool:
        """Whether a person cancelled this job."""


class Job(SeesOccasion):
    """A unit of work in the background.

    Subclass it in the `jobs` module of an app and write `perform`. Options are class attributes:
    see `jobs.options.JobOptions`. A subclass without `perform` is a base for others.
    """

    #: Those of the class; on a job that runs, with what `using()` changed.
    options: JobOptions = JobOptions()
    is_async: ClassVar[bool] = False
    queue: str
    if TYPE_CHECKING:
        perform: Callable[..., Any]
    _parameters: ClassVar[Parameters]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect and check the options, and register the class if it can perform.

        Raise InvalidJob.
        """
        super().__init_subclass__(**kwargs)
        try:
            cls.options = _options_of(cls)
        except ConfigurationError:
            # Nobody knows which options there are. The system checks say what is wrong in JOBS, and
            # every enqueue does, so that this need not end the start of the process.
            _undecided.append(cls)
        if hasattr(cls, "perform"):
            cls._parameters = Parameters(cls, cls.perform)
            cls.is_async = inspect.iscoroutinefunction(cls.perform)
            check_fit(cls, cls.options)
            registry.add(cls)

    def __init__(self, payload: Payload | None = None, stops: StopSigns | None = None) -> None:
        """Prepare one run.

        The worker calls it. A test may call it without arguments to reach `perform` directly.
        """
        self._payload = payload
        self._stops = stops
        #: The queue that this job came from.
        self.queue = payload.queue if payload else self.options.queue

    # Enqueueing

    @classmethod
    def enqueue(cls, /, *args: Any, **kwargs: Any) -> EnqueuedJob:
        """Enqueue a job with these arguments of `perform`, and return its id and queue.

        Inside `transaction.atomic()` the job is pushed when the transaction commits, and never if
        it does not. Raise InvalidArguments when they do not fit `perform` or are not JSON,
        StoreUnavailable when Redis does not answer within JOBS["ENQUEUE_TIMEOUT"]. One round trip,
        O(log n).
        """
        return cls._configured().enqueue(*args, **kwargs)

    @classmethod
    async def aenqueue(cls, /, *args: Any, **kwargs: Any) -> EnqueuedJob:
        """Do what `enqueue` does, from a coroutine."""
        return await cls._configured().aenqueue(*args, **kwargs)

    @classmethod
    def enqueue_many(
        cls, arguments: Iterable[Arguments], batch_size: int = 1000
    ) -> list[EnqueuedJob]:
        """Enqueue one job for each item, and return their ids and queues.

        An item is a list or tuple of arguments, or a dictionary of them by name. The items are read
        and pushed in batches of `batch_size` jobs or about 1 MB, one round trip for each. While
        Redis works on a batch the next is read, so that the failure of one may show a batch later.
        Jobs of earlier batches stay enqueued when a later batch fails: StoreUnavailable tells how
        many, any other error in a note. JOBS["ENQUEUE_TIMEOUT"] bounds each round trip, not all of
        them together.
        """
        return cls._configured().enqueue_many(arguments, batch_size)

    @classmethod
    def using(
        cls,
        /,
        *,
        run_after: datetime | timedelta | None = None,
        commit: str | None = None,
        **options: Any,
    ) -> ConfiguredJob:
        """Return a changed copy to enqueue with: `CompleteOrderJob.using(queue="low").enqueue(7)`.

        `run_after` is an aware datetime, or a timedelta from now. `commit="immediate"` does not
        wait for the open transaction. All others are options of the class. Raise InvalidJob or
        InvalidArguments.
        """
        return cls._configured().using(run_after=run_after, commit=commit, **options)

    @classmethod
    def perform_now(cls, /, *args: Any, **kwargs: Any) -> Any:
        """Run the job here and now, and return what `perform` returns.

        It runs through the middleware, and errors are raised. Arguments are checked and go through
        JSON as they would on their way to a worker. Redis is not used.
        """
        payload = Payload(
            cls.options.priority,
            new_job_id(),
            cls._configured().check(args, kwargs),
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

    @classmethod
    def _configured(cls) -> ConfiguredJob:
        if not hasattr(cls, "perform"):
            other = next((name for name in OTHER_PERFORMS if hasattr(cls, name)), None)
            hint = f" Rename its {other} to perform." if other else ""
            raise InvalidJob(
                f"{cls.__qualname__} has no perform method, so it cannot be enqueued or run.{hint}"
            )
        configured: ConfiguredJob | None = cls.__dict__.get("_default")
        if configured is None:
            decide_options()
            configured = cls._default = ConfiguredJob(cls, cls.options, {})  # type: ignore[attr-defined]  # a cache
        return configured


explain_habits(Job)

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


_NOT_OPTIONS = frozenset({"options", "is_async", "perform"})


def _options_of(job_class: type[Job]) -> JobOptions:
    """Return the options of a class and its bases, checked."""
    options = JobOptions()
    for base in reversed(job_class.__mro__):
        options = options.merged(_options_in(base), job_class.__qualname__, declared_options)
    return options


def _options_in(base: type) -> dict[str, object]:
    """Return the options that a class states itself.

    One that is no job may have attributes for other purposes.
    """
    found = {name: value for name, value in vars(base).items() if _is_option(name, value)}
    if issubclass(base, Job):
        return found
    return {n: v for n, v in found.items() if is_declared(n) or n in declared_options()}


def _is_option(name: str, value: object) -> bool:
    """Whether a class attribute is meant as an option.

    That is a plain value with a public name in small letters.
    """
    if name.startswith("_") or name.isupper() or name in _NOT_OPTIONS:
        return False
    return not (callable(value) or hasattr(value, "__get__"))
