"""What becomes of a job after a run: one value, decided here from the payload, the options and the error.

Pure: no Redis, no handlers. The executor asks `after_error` and carries the answer out.
"""

import time
import traceback
from dataclasses import dataclass
from enum import Enum

from jobs.backoff import MAX_DELAY_SECONDS, default_backoff
from jobs.errors import Discard, Expired, JobCancelled, JobInterrupted, Snooze, TransientError
from jobs.job import Job, Retry
from jobs.options import JobOptions
from jobs.payload import JobError, Payload

#: Longest message of an error that is kept.
MOST_MESSAGE_CHARACTERS = 10_000
#: Most errors kept of one job; the first is always among them.
MOST_ERRORS = 100


class Ending(Enum):
    """The ways in which a run ends, by the name of their event."""

    DONE = "job.done"
    RETRIED = "job.retried"
    DEAD = "job.dead"
    DISCARDED = "job.discarded"
    INTERRUPTED = "job.interrupted"
    SNOOZED = "job.snoozed"
    CANCELLED = "job.cancelled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run: how it ended, the payload to store, the seconds to wait, and what the stats count it as."""

    ending: Ending
    payload: Payload
    delay_seconds: float = 0.0
    counter: str = "failed"

    @property
    def is_failure(self) -> bool:
        """Whether handlers are to be told."""
        return self.counter == "failed"


def without_failure(payload: Payload, error: BaseException) -> Outcome | None:
    """Return the outcome of an end that is no failure and spends no attempt: a stop, a snooze, a discard; else None."""
    if is_interruption(error):
        changed = payload.changed(interruptions=payload.interruptions + 1)
        return Outcome(Ending.INTERRUPTED, changed, counter="interrupted")
    if isinstance(error, Snooze):
        return Outcome(Ending.SNOOZED, payload, min(error.seconds, MAX_DELAY_SECONDS), counter="snoozed")
    if isinstance(error, Discard):
        return Outcome(Ending.DISCARDED, payload, counter="expired" if isinstance(error, Expired) else "discarded")
    return None


def after_cancellation(payload: Payload, error: BaseException | None, worker: str) -> Outcome:
    """Return the outcome of a job that a person cancelled and that ended with `error`, or had not begun.

    It spends no attempt, so whoever retries it finds it as it was.
    """
    kept = describe(JobCancelled("A person cancelled the job while it ran."), worker, with_traceback=False)
    if error is not None:
        kept["traceback"] = describe(error, worker)["traceback"]
    return Outcome(Ending.CANCELLED, payload.changed(errors=_with_error(payload, kept)), counter="cancelled")


def original(error: BaseException) -> BaseException:
    """Return the error that a job raised, without the wrapper that marks it as transient."""
    return error.__cause__ or error if isinstance(error, TransientError) else error


def after_error(job: Job, payload: Payload, options: JobOptions, error: BaseException, worker: str) -> Outcome:
    """Return what becomes of a job whose attempt raised `error`. What its `retry_in` raises is raised."""
    error = original(error)
    failed = payload.changed(
        failures=payload.failures + 1,
        errors=_with_error(payload, describe(error, worker, with_traceback=options.backtrace)),
    )
    if _is_exhausted(failed, options):
        return Outcome(Ending.DEAD if options.dead else Ending.DISCARDED, failed)
    wish = job.retry_in(failed.failures, error)
    if wish is Retry.KILL:
        return Outcome(Ending.DEAD, failed)
    if wish is Retry.DISCARD:
        return Outcome(Ending.DISCARDED, failed)
    delay = default_backoff(failed.failures) if wish is None else max(0.0, float(wish))
    return Outcome(Ending.RETRIED, failed, min(delay, MAX_DELAY_SECONDS))


def describe(error: BaseException, worker: str, *, with_traceback: bool = True) -> JobError:
    """Return an error as it is kept in the payload."""
    kept: JobError = {
        "class": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "message": _text_of(error)[:MOST_MESSAGE_CHARACTERS],
        "at": time.time(),
        "worker": worker,
    }
    if with_traceback:
        kept["traceback"] = _storable("".join(traceback.format_exception(error)))[-MOST_MESSAGE_CHARACTERS:]
    return kept


def _text_of(error: BaseException) -> str:
    try:
        return _storable(str(error))
    except Exception as raised:  # noqa: BLE001  # the error is a class of the project
        return f"(no message: its __str__ raised {type(raised).__name__})"


def _storable(text: str) -> str:
    """Return text without lone surrogates, which file names may bring and JSON cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def is_interruption(error: BaseException, kind: type[BaseException] = JobInterrupted) -> bool:
    """Whether a stop is this error or hides among its causes: then it is no failure."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        found = pending.pop()
        if found is None or id(found) in seen:
            continue
        if isinstance(found, kind):
            return True
        seen.add(id(found))
        pending += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            pending += found.exceptions
    return False


def _with_error(payload: Payload, error: JobError) -> list[JobError]:
    earlier = [{k: v for k, v in e.items() if k != "traceback"} for e in payload.errors]
    errors = [*earlier, error]
    return errors if len(errors) <= MOST_ERRORS else [errors[0], *errors[1 - MOST_ERRORS :]]


def _is_exhausted(failed: Payload, options: JobOptions) -> bool:
    if options.retry_for is not None:
        first = next(e["at"] for e in failed.errors)
        return bool(time.time() - first >= options.retry_for.total_seconds())
    most = options.max_retries
    return most is not None and failed.failures > most
