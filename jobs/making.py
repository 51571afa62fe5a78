"""Makes the jobs of one configured class: checks their arguments, and writes their payloads.

Used by `enqueue`. What all these jobs have in common is found out once.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import time_ns
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from jobs import returns
from jobs.abilities import abilities
from jobs.arguments import are_plain, check_arguments
from jobs.claims import claimer_for
from jobs.conf import JobsSettings
from jobs.errors import DuplicateJob, InvalidArguments, InvalidJob
from jobs.middleware.chain import MiddlewareChain
from jobs.moment import now
from jobs.outbox import outbox
from jobs.payload import Payload, decode, dumps
from jobs.protection import is_sealed, protection
from jobs.registry import registry
from jobs.store import Duplicates, NewJob
from jobs.travelling import travelling

if TYPE_CHECKING:
    from jobs.enqueue import ConfiguredJob
    from jobs.job import Job


class EnqueuedJob(Struct, frozen=True, gc=False):
    """What an enqueue returns.

    `is_vetoed` when a client middleware decided that there shall be no such job. `is_duplicate`
    when another job has the place of this one: then `id` is that of the other. It is None as long
    as nobody knows: inside a transaction. `keeps_result` is False where nobody wants what the job
    returns. `enqueued_at` is in epoch seconds, 0 where
    this call enqueued nothing.
    """

    id: str
    queue: str
    is_vetoed: bool = False
    is_duplicate: bool | None = False
    keeps_result: bool = True
    enqueued_at: float = 0.0

    def result(self, *, timeout: float = 10.0) -> Any:
        """Wait until the job has ended, and return what its `perform` returned.

        `timeout` is in seconds. Raise a NoResult: ResultTimeout when the time is up, JobDied when
        the job has failed for good, KeepsNoResult, JobNotPushed or JobGone. Raise StoreUnavailable
        if Redis is away until the end, and SynchronousOnlyOperation in an event loop. Each look is
        one round trip, O(1): some thirty in the first second, four in each one after it.
        """
        return abilities.result(self, timeout)

    async def aresult(self, *, timeout: float = 10.0) -> Any:  # noqa: ASYNC109  # as `result` has it
        """Do what `result` does, from a coroutine."""
        return await abilities.aresult(self, timeout)


#: The answer to the caller, and the job to push; None when it is vetoed.
Made = tuple[EnqueuedJob, NewJob | None]


def answered(enqueued: EnqueuedJob, job: NewJob, duplicates: Duplicates | None) -> EnqueuedJob:
    """Return what the caller gets of a job with a claim.

    `duplicates` is None where the push waits for a commit. Raise DuplicateJob if that is wanted.
    """
    if duplicates is None:
        return replace(enqueued, is_duplicate=None)
    holder = duplicates.get(job.id)
    if holder is None or job.claim is None:
        return enqueued
    if job.claim.conflict == "raise":
        raise DuplicateJob(decode(job.payload).job_class, holder)
    return replace(enqueued, id=holder, is_duplicate=True, enqueued_at=0.0)


class Maker:
    """Makes the jobs of one configured class, under one set of settings and middleware."""

    def __init__(
        self, configured: "ConfiguredJob", settings: JobsSettings, chain: MiddlewareChain
    ) -> None:
        """Find out what all jobs have in common.

        Raise InvalidArguments for options that are not JSON, and InvalidJob for a class that no
        worker can find.
        """
        self._settings = settings
        self._chain = chain
        self._job_class = configured.job_class
        self._check_signature = configured.job_class.check_signature
        self._name = registry.name_of(configured.job_class)
        #: Whether only this process knows the class, so that no worker can run its jobs.
        self.is_local = _is_local(configured.job_class)
        self._queue = configured.options.queue
        self._priority = configured.options.priority
        #: Makes what its jobs claim of Redis, None for most classes.
        self.claimer = claimer_for(configured, self._name)
        delay = self.claimer.delay if self.claimer else None
        self._due, self._run_after = _due(configured.run_after or delay)
        self._options = travelling(configured.changes, self._name)
        self._keeps_result = returns.are_wanted(configured.options)
        self._is_sealed = is_sealed(configured.options)
        #: Whether each job goes the longer way, as a payload that others may change.
        self._is_changed = chain.has_client_side or self._is_sealed
        self._signer = protection.signer
        self.after_commit = (configured.commit or settings.enqueue) == "on_commit"
        #: Whether its jobs lie in the outbox until they are surely in Redis.
        self.is_kept = self.after_commit and outbox.keeps(configured.options)

    def is_of(self, settings: JobsSettings, chain: MiddlewareChain) -> bool:
        """Return whether it was made for these settings and this middleware."""
        return settings is self._settings and chain is self._chain

    @property
    def is_special(self) -> bool:
        """Whether its jobs claim something of Redis, or lie in the outbox."""
        return self.claimer is not None or self.is_kept

    @property
    def asks_nobody(self) -> bool:
        """Whether its jobs need no look at transactions, and no code of the project."""
        asks = self.after_commit or self._chain.has_client_side or self._chain.has_context
        return not asks and self.claimer is None

    def common(self) -> dict[str, Any]:
        """Return the fields that jobs made at this moment share.

        Those of the class are not among them. Middleware is asked for the context of the caller.
        """
        fields: dict[str, Any] = {}
        if self._run_after is not None:
            fields["run_after"] = _moment_of(self._run_after)
        if self._options:
            fields["options"] = self._options
        if context := self._chain.context():
            fields["context"] = context
        return fields

    def make(
        self, job_id: str, args: Sequence[Any], kwargs: Mapping[str, Any], common: dict[str, Any]
    ) -> Made:
        """Return one job. Raise InvalidArguments, or what a middleware raises."""
        self._check_signature(args, kwargs)
        is_plain = are_plain(args) and (not kwargs or are_plain(kwargs.values()))
        if not is_plain:
            self._check(args, kwargs)
        if self._is_changed:
            return self._make_by_middleware(job_id, args, kwargs, common)
        # As `Payload.encode` writes it: the priority first, for the scripts.
        made_at = time_ns() // 1_000_000 / 1000  # `now()`, without the call
        data = {
            "priority": self._priority,
            "enqueued_at": made_at,
            "id": job_id,
            "job_class": self._name,
            "queue": self._queue,
            "args": args,
        }
        if kwargs:
            data["kwargs"] = kwargs
        if common:
            data.update(common)
        try:
            raw = dumps(data)
        except TypeError:
            return self._make_by_middleware(job_id, args, kwargs, common)  # it says what is wrong
        if self._signer is not None:
            raw = self._signer.sign(raw, job_id, self._queue)
        if len(raw) > self._settings.max_payload_bytes:
            self._refuse(raw, args, kwargs)
        claim = None if self.claimer is None else self.claimer.claim(args, kwargs)
        new = NewJob(job_id, raw, self._priority, self._due, claim, self.is_kept)
        return EnqueuedJob(job_id, self._queue, False, False, self._keeps_result, made_at), new

    def _check(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Raise InvalidArguments unless every argument is plain JSON."""
        names = self._job_class.parameter_names()
        check_arguments(self._name, args, kwargs, names, are_secret=self._is_sealed)

    def _make_by_middleware(
        self, job_id: str, args: Sequence[Any], kwargs: Mapping[str, Any], common: dict[str, Any]
    ) -> Made:
        """Return one job as the client side of the middleware leaves it."""
        self._check(args, kwargs)
        payload = Payload(
            self._priority,
            job_id,
            self._name,
            self._queue,
            list(args),
            dict(kwargs),
            enqueued_at=now(),
            run_after=common.get("run_after"),
            options=dict(common.get("options", {})),
            context=dict(common.get("context", {})),
        )
        asked_for = payload.run_after
        accepted = self._chain.enqueue(payload)
        if accepted is None:
            return EnqueuedJob(payload.id, payload.queue, is_vetoed=True), None
        if self._is_sealed:
            accepted = protection.sealer.seal(accepted)
        raw = accepted.encode()
        if len(raw) > self._settings.max_payload_bytes:
            self._refuse(raw)
        due = self._due
        if accepted.run_after != asked_for:  # a middleware had another time in mind
            due = "+0" if accepted.run_after is None else str(round(accepted.run_after * 1000))
        claim = None if self.claimer is None else self.claimer.claim(args, kwargs)
        if claim is not None and accepted.queue != self._queue:
            raise InvalidJob(
                f"{self._name}: a middleware moved the job to queue {accepted.queue!r}, but a job "
                "is unique within one queue only. Leave unique jobs in the queue of their class."
            )
        # A middleware may have changed the options: then the wait finds out.
        keeps_result = self._keeps_result or accepted.options != self._options
        made_at = accepted.enqueued_at
        enqueued = EnqueuedJob(accepted.id, accepted.queue, False, False, keeps_result, made_at)
        new = NewJob(accepted.id, raw, accepted.priority, due, claim, self.is_kept)
        return enqueued, new

    def _refuse(
        self,
        raw: bytes,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> NoReturn:
        """Raise InvalidArguments for a payload that is too large.

        An argument that is no JSON is named first, if there is one.
        """
        self._check(args, kwargs or {})
        raise InvalidArguments(
            f"{self._name}: the payload has {len(raw):,} bytes, more than "
            f"JOBS['MAX_PAYLOAD_BYTES'] = {self._settings.max_payload_bytes:,}. "
            "Store the data elsewhere and pass its key."
        )


def _is_local(job_class: "type[Job]") -> bool:
    """Tell whether a class is made in a function.

    One that its module keeps is not: workers make it too.
    """
    if "<locals>" not in job_class.__qualname__:
        return False
    kept = vars(sys.modules[job_class.__module__]) if job_class.__module__ in sys.modules else {}
    return not any(value is job_class for value in [*kept.values()])


def _due(run_after: datetime | timedelta | None) -> tuple[str, datetime | timedelta | None]:
    """Return a due time as the push script takes it, and as it was."""
    if run_after is None:
        return "+0", None
    if isinstance(run_after, timedelta):
        return f"+{round(run_after.total_seconds() * 1000)}", run_after
    return str(round(run_after.timestamp() * 1000)), run_after


def _moment_of(run_after: datetime | timedelta) -> float:
    """Return when a job is due in epoch seconds, for people."""
    if isinstance(run_after, timedelta):
        return time.time() + run_after.total_seconds()
    return run_after.timestamp()
