"""From a call to a payload to Redis: bind the arguments, check them, make the payload, send it now or at the commit."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.utils import timezone

from jobs.arguments import check_arguments
from jobs.conf import get_settings
from jobs.errors import InvalidArguments
from jobs.ids import new_job_id
from jobs.middleware.chain import declared_options, get_chain
from jobs.options import RIVALS, JobOptions
from jobs.payload import Payload
from jobs.registry import registry
from jobs.sink import switch
from jobs.store import NewJob

if TYPE_CHECKING:
    from jobs.job import Job

Arguments = Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EnqueuedJob:
    """What an enqueue returns. `is_vetoed` when a client middleware decided that there shall be no such job."""

    id: str
    queue: str
    is_vetoed: bool = False


@dataclass(frozen=True, slots=True)
class ConfiguredJob:
    """A job class with some options changed: what `using()` returns.

    `changes` are the options that differ from the class's own; they travel with the job. `commit` is `on_commit` or
    `immediate`, None for the setting ENQUEUE.
    """

    job_class: "type[Job]"
    options: JobOptions
    changes: Mapping[str, Any]
    run_after: datetime | timedelta | None = None
    commit: str | None = None

    def using(
        self, *, run_after: datetime | timedelta | None = None, commit: str | None = None, **options: Any
    ) -> "ConfiguredJob":
        """Return a copy with these options changed. See `Job.using`."""
        name = f"{self.job_class.__name__}.using()"
        return ConfiguredJob(
            self.job_class,
            self.options.merged(options, name, declared_options),
            {name: v for name, v in self.changes.items() if options.get(RIVALS.get(name, "")) is None} | options,
            self.run_after if run_after is None else _check_run_after(run_after, name),
            self.commit if commit is None else _check_commit(commit, name),
        )

    def enqueue(self, *args: Any, **kwargs: Any) -> EnqueuedJob:
        """Enqueue one job. See `Job.enqueue`."""
        enqueued, job = self._make(args, kwargs, get_chain().context())
        self._send([(enqueued.queue, job)] if job else [])
        return enqueued

    async def aenqueue(self, *args: Any, **kwargs: Any) -> EnqueuedJob:
        """Enqueue one job from a coroutine, in the thread of Django's ORM so that transactions count."""
        return await sync_to_async(self.enqueue)(*args, **kwargs)

    def enqueue_many(self, arguments: Iterable[Arguments], batch_size: int = 1000) -> list[EnqueuedJob]:
        """Enqueue one job for each list (or dictionary) of arguments. See `Job.enqueue_many`."""
        if batch_size < 1:
            raise InvalidArguments(f"batch_size must be at least 1, not {batch_size}.")
        remaining, enqueued, context = iter(arguments), [], get_chain().context()
        while made := [self._make(*_split(a), context) for a in islice(remaining, batch_size)]:
            self._send([(e.queue, job) for e, job in made if job])
            enqueued += [e for e, _ in made]
        return enqueued

    def check(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        """Return the name of the job class, or raise InvalidArguments unless these suit `perform` and JSON."""
        name = registry.name_of(self.job_class)
        self.job_class.check_signature(args, kwargs)
        check_arguments(name, args, kwargs, self.job_class.parameter_names())
        return name

    def _make(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], context: Mapping[str, Any]
    ) -> tuple[EnqueuedJob, NewJob | None]:
        """Return the answer to the caller and the job to push; None when it is vetoed."""
        name = self.check(args, kwargs)
        due, run_after = _due(self.run_after)
        payload = Payload(
            self.options.priority,
            new_job_id(),
            name,
            self.options.queue,
            list(args),
            dict(kwargs),
            enqueued_at=time.time(),
            run_after=run_after,
            options=_travelling(self.changes, name) if self.changes else {},
            context=dict(context),
        )
        accepted = get_chain().enqueue(payload)
        if accepted is None:
            return EnqueuedJob(payload.id, payload.queue, is_vetoed=True), None
        raw = _check_size(accepted.encode(), name)
        return EnqueuedJob(accepted.id, accepted.queue), NewJob(accepted.id, raw, accepted.priority, due)

    def _send(self, jobs: list[tuple[str, NewJob]]) -> None:
        after_commit = (self.commit or get_settings().enqueue) == "on_commit"
        if jobs:
            switch.current.send(jobs, after_commit=after_commit)


#: They are fields of the payload; all other options that `using()` changes travel in its `options`.
_FIELDS = frozenset({"queue", "priority"})
#: How a timedelta travels.
_SECONDS = "timedelta_seconds"


def _travelling(changes: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return the options that travel with the job, as JSON. Raise InvalidArguments for what is not."""
    options = {
        name: {_SECONDS: value.total_seconds()} if isinstance(value, timedelta) else value
        for name, value in changes.items()
        if name not in _FIELDS
    }
    try:
        check_arguments(owner, (), options)
    except InvalidArguments as error:
        raise InvalidArguments(f"{error} An option that is not JSON can only be set on the job class.") from error
    return options


def options_of(job_class: "type[Job]", payload: Payload) -> JobOptions:
    """Return the options that hold for one job: its class's own as they are now, and what `using()` changed.

    Raise InvalidJob for options that this process does not understand.
    """
    if not payload.options:
        return job_class.options
    return job_class.options.merged(changes_of(payload), payload.job_class, declared_options)


def changes_of(payload: Payload) -> dict[str, Any]:
    """Return the options that `using()` changed for one job, except queue and priority, which are its fields."""
    return {
        name: timedelta(seconds=value[_SECONDS]) if isinstance(value, dict) and _SECONDS in value else value
        for name, value in payload.options.items()
    }


def _split(arguments: Arguments) -> tuple[Sequence[Any], Mapping[str, Any]]:
    if isinstance(arguments, Mapping):
        return (), arguments
    if isinstance(arguments, str | bytes | bytearray) or not isinstance(arguments, Sequence):
        raise InvalidArguments(
            "enqueue_many takes a list or tuple of arguments (or a dictionary) for each job, not "
            f"{type(arguments).__name__}; write [(1,), (2,)] for jobs of one argument."
        )
    return arguments, {}


def _due(run_after: datetime | timedelta | None) -> tuple[str, float | None]:
    """Return when a job is due, for the push script, and as epoch seconds, for people."""
    if run_after is None:
        return "+0", None
    if isinstance(run_after, timedelta):
        return f"+{round(run_after.total_seconds() * 1000)}", time.time() + run_after.total_seconds()
    return str(round(run_after.timestamp() * 1000)), run_after.timestamp()


def _check_run_after(run_after: object, owner: str) -> datetime | timedelta:
    if isinstance(run_after, timedelta):
        if run_after < timedelta(0):
            raise InvalidArguments(f"{owner}: run_after is {run_after}, which is in the past.")
        return run_after
    if not isinstance(run_after, datetime):
        raise InvalidArguments(f"{owner}: run_after must be a timedelta or an aware datetime, not {run_after!r}.")
    if timezone.is_naive(run_after):
        raise InvalidArguments(
            f"{owner}: run_after is the naive datetime {run_after}; make it aware, for example with "
            "django.utils.timezone.make_aware()."
        )
    return run_after


def _check_commit(commit: str, owner: str) -> str:
    if commit not in {"on_commit", "immediate"}:
        raise InvalidArguments(f"{owner}: commit must be 'on_commit' or 'immediate', not {commit!r}.")
    return commit


def _check_size(raw: bytes, name: str) -> bytes:
    most = get_settings().max_payload_bytes
    if len(raw) > most:
        raise InvalidArguments(
            f"{name}: the payload has {len(raw):,} bytes, more than JOBS['MAX_PAYLOAD_BYTES'] = {most:,}. "
            "Store the data elsewhere and pass its key."
        )
    return raw
