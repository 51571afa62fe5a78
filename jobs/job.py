"""The base class of all jobs: what a project subclasses, and all that its own code needs to know."""

import inspect
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import orjson

from jobs.enqueue import Arguments, ConfiguredJob, EnqueuedJob
from jobs.errors import InvalidArguments, InvalidJob
from jobs.ids import new_job_id
from jobs.middleware.chain import declared_options
from jobs.options import OPTION_NAMES, JobOptions
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


class Job:
    """A unit of work in the background. Subclass it in the `jobs` module of an app and write `perform`.

    Options are class attributes: see `jobs.options.JobOptions`. A subclass without `perform` is a base for others.
    """

    #: Those of the class; on a job that runs, with what `using()` changed.
    options: JobOptions = JobOptions()
    is_async: ClassVar[bool] = False
    queue: str
    if TYPE_CHECKING:
        perform: Callable[..., Any]
    _signature: ClassVar[inspect.Signature]
    _positional: ClassVar[range]
    _parameter_names: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect and check the options; register the class if it can perform. Raise InvalidJob."""
        super().__init_subclass__(**kwargs)
        options = JobOptions()
        for base in reversed(cls.__mro__):
            options = options.merged(_options_in(base), cls.__qualname__, declared_options)
        cls.options = options
        if hasattr(cls, "perform"):
            cls._set_signature(cls.perform)
            registry.add(cls)

    def __init__(self, payload: Payload | None = None, stops: StopSigns | None = None) -> None:
        """Prepare one run. The worker calls it; a test may call it without arguments to reach `perform` directly."""
        self._payload = payload
        self._stops = stops
        #: The queue that this job came from.
        self.queue = payload.queue if payload else self.options.queue

    # Enqueueing

    @classmethod
    def enqueue(cls, *args: Any, **kwargs: Any) -> EnqueuedJob:
        """Enqueue a job with these arguments, which are those of `perform`, and return its id and queue.

        Inside `transaction.atomic()` the job is pushed when the transaction commits, and never if it does not.
        Raise InvalidArguments when they do not fit `perform` or are not JSON, StoreUnavailable when Redis does not
        answer within JOBS["ENQUEUE_TIMEOUT"]. One round trip, O(log n).
        """
        return cls._configured().enqueue(*args, **kwargs)

    @classmethod
    async def aenqueue(cls, *args: Any, **kwargs: Any) -> EnqueuedJob:
        """Do what `enqueue` does, from a coroutine."""
        return await cls._configured().aenqueue(*args, **kwargs)

    @classmethod
    def enqueue_many(cls, arguments: Iterable[Arguments], batch_size: int = 1000) -> list[EnqueuedJob]:
        """Enqueue one job for each item: a list or tuple of arguments, or a dictionary of them by name.

        The items are read and pushed in batches; one round trip for each. Jobs of earlier batches stay enqueued when
        a later batch fails.
        """
        return cls._configured().enqueue_many(arguments, batch_size)

    @classmethod
    def using(
        cls, *, run_after: datetime | timedelta | None = None, commit: str | None = None, **options: Any
    ) -> ConfiguredJob:
        """Return a changed copy to enqueue with: `CompleteOrderJob.using(queue="low").enqueue(7)`.

        `run_after` is an aware datetime, or a timedelta from now. `commit="immediate"` does not wait for the open
        transaction. All others are options of the class. Raise InvalidJob or InvalidArguments.
        """
        return cls._configured().using(run_after=run_after, commit=commit, **options)

    @classmethod
    def perform_now(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the job here and now, through the middleware, and return what `perform` returns; errors are raised.

        Arguments are checked and go through JSON as they would on their way to a worker. Redis is not used.
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
        """The number of this run: 1, and one more after each failure. Stops and crashes do not count."""
        return self._payload.attempt if self._payload else 1

    @property
    def stopping(self) -> bool:
        """Whether the job had better end, since its worker was asked to stop or a person cancelled it.

        A long job that looks here now and then can end in good order.
        """
        return self._stops is not None and self._stops.is_stopping(self.job_id)

    @property
    def cancelled(self) -> bool:
        """Whether a person cancelled this job while it runs; then it will not be tried again by itself."""
        return self._stops is not None and self._stops.is_cancelled(self.job_id)

    @property
    def is_on_worker(self) -> bool:
        """Whether a worker runs the job, and not `perform_now` or a test in a thread of their own."""
        return self._stops is not None

    @property
    def context(self) -> Mapping[str, Any]:
        """What client middleware wrote into the payload."""
        return self._payload.context if self._payload else {}

    @property
    def available_at(self) -> float:
        """When the job might first have run, in epoch seconds."""
        return (self._payload.run_after or self._payload.enqueued_at) if self._payload else time.time()

    def option(self, name: str, default: Any = None) -> Any:
        """Return an option that a middleware declares, as it holds for this job."""
        return self.options.others.get(name, default)

    # Hooks

    def retry_in(self, attempt: int, error: BaseException) -> float | Retry | None:
        """Return the seconds to wait after failed attempt number `attempt`, a `Retry`, or None for the default."""
        return None

    def on_exhausted(self, error: BaseException) -> None:
        """Do something when the job will not be tried again. An exception here is logged and goes no further."""

    # Definition

    @classmethod
    def check_signature(cls, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Raise InvalidArguments unless `perform` can be called with these."""
        if not kwargs and len(args) in cls._positional:
            return
        try:
            cls._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidArguments(f"{cls.__name__}.perform{cls._signature}: {error}.") from error

    @classmethod
    def parameter_names(cls) -> tuple[str, ...]:
        """Return the names of the arguments of `perform` that can be given by position; `*args` is the last."""
        return cls._parameter_names

    @classmethod
    def _set_signature(cls, perform: Callable[..., Any]) -> None:
        if not inspect.isfunction(perform):
            raise InvalidJob(f"{cls.__qualname__}: perform must be a method, not {perform!r}.")
        whole = inspect.signature(perform)
        parameters = list(whole.parameters.values())[1:]
        cls._signature = whole.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
        cls._positional = _positional_counts(parameters)
        by_name = {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
        cls._parameter_names = tuple(p.name for p in parameters if p.kind not in by_name)
        cls.is_async = inspect.iscoroutinefunction(perform)

    @classmethod
    def _configured(cls) -> ConfiguredJob:
        if not hasattr(cls, "perform"):
            raise InvalidJob(f"{cls.__qualname__} has no perform method, so it cannot be enqueued or run.")
        configured: ConfiguredJob | None = cls.__dict__.get("_default")
        if configured is None:
            configured = cls._default = ConfiguredJob(cls, cls.options, {})  # type: ignore[attr-defined]  # a cache
        return configured


_NOT_OPTIONS = frozenset({"options", "is_async", "perform"})


def _options_in(base: type) -> dict[str, object]:
    """Return the options that a class states itself; one that is no job may have attributes for other purposes."""
    found = {name: value for name, value in vars(base).items() if _is_option(name, value)}
    if issubclass(base, Job):
        return found
    return {name: value for name, value in found.items() if name in OPTION_NAMES or name in declared_options()}


def _is_option(name: str, value: object) -> bool:
    """Whether a class attribute is meant as an option: a plain value with a public name in small letters."""
    if name.startswith("_") or name.isupper() or name in _NOT_OPTIONS:
        return False
    return not (callable(value) or hasattr(value, "__get__"))


def _positional_counts(parameters: Sequence[inspect.Parameter]) -> range:
    """Return how many positional arguments are right when no others are given."""
    kinds = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    positional = [p for p in parameters if p.kind in kinds]
    others = [p for p in parameters if p.kind not in kinds]
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in others):
        return range(0)
    least = sum(p.default is p.empty for p in positional)
    most = 1_000_000 if any(p.kind is p.VAR_POSITIONAL for p in others) else len(positional)
    return range(least, most + 1)
