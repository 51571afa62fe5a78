"""What happens to jobs."""

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from jobs.ending import Ending
from jobs.events.event import Event
from jobs.payload import Payload, decode
from jobs.queries import Queries
from jobs.text import escaped, shown_error

if TYPE_CHECKING:
    from jobs.job import Job


class JobEnqueued(Event):
    """A job is in its queue in Redis.

    Made only if somebody listens to it.
    """

    NAME: ClassVar[str] = "job.enqueued"
    LEVEL: ClassVar[int] = logging.DEBUG

    id: str
    queue: str
    raw: bytes

    def payload(self) -> Payload:
        """Decode the payload as it was sent.

        Raise InvalidPayload.
        """
        return decode(self.raw)

    def fields(self) -> dict[str, Any]:
        """Return what names the job."""
        return {"id": self.id, "queue": self.queue}


class JobEvent(Event):
    """Something that concerns one job.

    `payload` is as it was fetched, unless the event says otherwise.
    """

    payload: Payload

    def fields(self) -> dict[str, Any]:
        """Return class, id, queue and attempt of the job, and the other fields."""
        more = super().fields()
        return {**job_fields(more.pop("payload")), **more}


def job_fields(payload: Payload) -> dict[str, Any]:
    """Return the fields that name a job in every line about it."""
    return {
        "class": payload.job_class,
        "id": payload.id,
        "queue": payload.queue,
        "attempt": payload.attempt,
    }


class JobStarted(JobEvent):
    """A thread or the event loop begins to run a job.

    Made only if somebody listens to it.
    """

    NAME: ClassVar[str] = "job.started"
    LEVEL: ClassVar[int] = logging.DEBUG


class JobFailing(JobEvent):
    """A run failed and is about to be recorded: error handlers hear it.

    `payload` is as it will be stored. If the process dies before it is recorded, the
    job fails once more and this is told once more.
    """

    NAME: ClassVar[str] = "job.failing"
    LEVEL: ClassVar[int] = logging.NOTSET  # JobEnded has the line

    job: "Job"
    ending: Ending
    error: BaseException


class JobDying(JobEvent):
    """A job is never tried again by itself: death handlers hear it.

    Its ending is about to be recorded.
    """

    NAME: ClassVar[str] = "job.dying"
    LEVEL: ClassVar[int] = logging.NOTSET

    job: "Job"
    ending: Ending
    error: BaseException


class JobEnded(JobEvent):
    """A run has ended and is recorded.

    If Redis is away, it will be recorded when Redis answers again. `payload` is as it
    is stored. `elapsed` and `delay` are in seconds, `delay` until it is tried again.
    `has_begun` is False if `perform` was never called. `queries` has a `count` and `seconds`
    where JOBS["COUNT_QUERIES"] is on. The name of the event is that of
    the ending, such as `job.dead`.
    """

    NAME: ClassVar[str] = "job.ended"

    ending: Ending
    elapsed: float
    error: BaseException | None = None
    delay: float = 0.0
    has_begun: bool = True
    queries: Queries | None = None

    @property
    def name(self) -> str:
        """The name of the ending, such as `job.done`."""
        return self.ending.rule.event

    @property
    def level(self) -> int:
        """How bad the ending is."""
        return self.ending.rule.level

    def text(self) -> str:
        """Return the line.

        The line of a job that is done is written out here, since most lines are of that
        kind.
        """
        if self.ending is not Ending.DONE:
            return super().text()
        job = self.payload
        text = (
            f"job.done class={job.job_class} id={job.id} queue={job.queue} "
            f"attempt={job.failures + 1} elapsed={self.elapsed:.4f}"
        )
        if self.queries is not None:
            text += f" queries={self.queries.count} query_time={self.queries.seconds:.4f}"
        return text if text.isprintable() else escaped(text)

    def fields(self) -> dict[str, Any]:
        """Return what names the job, how long it ran, and why it ended so."""
        ending, payload = self.ending, self.payload
        fields = {**job_fields(payload), "elapsed": f"{self.elapsed:.4f}"}
        if self.queries is not None:
            fields["queries"] = self.queries.count
            fields["query_time"] = f"{self.queries.seconds:.4f}"
        if ending is Ending.DONE:  # the way of most jobs
            return fields
        if ending.rule.is_failure:
            fields["attempt"] = payload.failures  # the one that failed, not the next
        if ending is Ending.PARKED:
            fields["error"] = payload.errors[-1]["message"]
        elif self.error is not None and ending is not Ending.CANCELLED:
            fields["error"] = shown_error(self.error)
        if ending in {Ending.RETRIED, Ending.SNOOZED, Ending.UNKNOWN}:
            fields["retry_in"] = f"{self.delay:.1f}"
        elif ending is Ending.QUARANTINED:
            fields["crashes"] = payload.crashes
        return fields


class PayloadMissing(Event):
    """A job was in its queue, but its payload was not there."""

    NAME: ClassVar[str] = "job.payload_missing"
    LEVEL: ClassVar[int] = logging.ERROR

    queue: str
    id: str


class ResultNotKept(JobEvent):
    """What a job returned is no JSON, or too large.

    It is done all the same.
    """

    NAME: ClassVar[str] = "job.result_not_kept"
    LEVEL: ClassVar[int] = logging.WARNING

    type: str


class RetryInFailed(JobEvent):
    """The `retry_in` of a job raised, or returned something that is no delay.

    The usual delay is taken.
    """

    NAME: ClassVar[str] = "job.retry_in_failed"
    LEVEL: ClassVar[int] = logging.ERROR


class UnreadableError(JobEvent):
    """A job raised an error that cannot be looked at."""

    NAME: ClassVar[str] = "job.error_unreadable"
    LEVEL: ClassVar[int] = logging.ERROR


class TransactionRolledBack(Event):
    """A job left a transaction open in a database.

    It was rolled back. `opened_at` is the file and the line that opened it, None where that is not
    known. `id` is None where it was left by what ran between two jobs, such as a handler.
    """

    NAME: ClassVar[str] = "job.transaction_rolled_back"
    LEVEL: ClassVar[int] = logging.ERROR

    id: str | None
    database: str
    opened_at: str | None = None


class ForkCameBack(Event, kw_only=True):
    """A child that a job or chore had forked came back, and was ended."""

    NAME: ClassVar[str] = "job.fork_came_back"
    LEVEL: ClassVar[int] = logging.ERROR

    id: str | None = None
    queue: str | None = None
    pid: int
    parent: int


class HandlerFailed(Event):
    """A handler of the settings or a hook of a job raised.

    It changed nothing. A database of DATABASES that could not be closed after a job is told so too.
    """

    NAME: ClassVar[str] = "handler.failed"
    LEVEL: ClassVar[int] = logging.ERROR

    handler: str
    error: str
