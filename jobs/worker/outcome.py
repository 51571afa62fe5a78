"""What becomes of a job after a run.

It is one value, decided here from the payload, the options and the error. Nobody is
asked: no Redis, no handlers, and of the project's code only what the caller hands in.
`jobs/ending.py` has the table of all endings. `conclusion.py` carries them out.
"""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from jobs.backoff import MAX_DELAY_SECONDS, default_backoff
from jobs.ending import Ending
from jobs.errors import Discard, Expired, JobCancelled, JobInterrupted, Snooze, TransientError
from jobs.job import Retry
from jobs.options import JobOptions
from jobs.payload import JobError, Payload

#: Longest message of an error that is kept.
MOST_MESSAGE_CHARACTERS = 10_000
#: Most errors kept of one job; the first is always among them.
MOST_ERRORS = 100

#: What a job wants after a failure: seconds, an end, or None for the default delay.
Wish = float | Retry | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and the payload to store.

    `delay_seconds` is the wait before the next run, and `keep_seconds` how long the
    result is kept. `has_begun` is False for a job that ended before it began.
    """

    ending: Ending
    payload: Payload
    delay_seconds: float = 0.0
    keep_seconds: float = 0.0
    has_begun: bool = True


def without_failure(payload: Payload, error: BaseException) -> Outcome | None:
    """Return the outcome of an end that is no failure, or None.

    A stop, a snooze and a discard are no failures, and spend no attempt.
    """
    if is_interruption(error):
        return Outcome(Ending.INTERRUPTED, payload.changed(interruptions=payload.interruptions + 1))
    if isinstance(error, Snooze):
        return Outcome(Ending.SNOOZED, payload, _bounded(error.seconds))
    if isinstance(error, Discard):
        return Outcome(Ending.EXPIRED if isinstance(error, Expired) else Ending.POINTLESS, payload)
    return None


def after_cancellation(
    payload: Payload, error: BaseException | None, worker: str, seconds: float | None = None
) -> Outcome:
    """Return the outcome of a job that a person cancelled.

    `error` is what it ended with, None if it had not begun. It spends no attempt, so
    whoever retries it finds it as it was.
    """
    kept = describe(
        JobCancelled("A person cancelled the job while it ran."), worker, with_traceback=False
    )
    if error is not None:
        kept["traceback"] = describe(error, worker)["traceback"]
    changed = payload.changed(errors=_with_error(payload, _timed(kept, seconds)))
    return Outcome(Ending.CANCELLED, changed, has_begun=error is not None)


def original(error: BaseException) -> BaseException:
    """Return the error that a job raised, without the wrapper of transient ones."""
    return error.original if isinstance(error, TransientError) else error


def after_error(
    payload: Payload,
    options: JobOptions,
    error: BaseException,
    worker: str,
    ask: Callable[[int, BaseException], Wish],
    seconds: float | None = None,
) -> Outcome:
    """Return what becomes of a job whose attempt raised `error`.

    If a retry is left, `ask` is given the number of the attempt and the error. It
    returns what the job wants. `seconds` is how long it ran, None where nobody knows.
    """
    error = original(error)
    kept = _timed(describe(error, worker, with_traceback=options.backtrace), seconds)
    failed = payload.changed(failures=payload.failures + 1, errors=_with_error(payload, kept))
    if _is_exhausted(failed, options):
        return Outcome(Ending.DEAD if options.dead else Ending.DISCARDED, failed)
    wish = ask(failed.failures, error)
    if isinstance(wish, Retry):
        return Outcome(Ending.DEAD if wish is Retry.KILL else Ending.DISCARDED, failed)
    return Outcome(
        Ending.RETRIED, failed, _bounded(default_backoff(failed.failures) if wish is None else wish)
    )


def _bounded(seconds: float) -> float:
    """Return a delay that Redis can be told, 0 for what is no number."""
    return min(max(0.0, seconds), MAX_DELAY_SECONDS)


def describe(error: BaseException, worker: str, *, with_traceback: bool = True) -> JobError:
    """Return an error as it is kept in the payload.

    This works whatever the class of the error does when somebody looks at it.
    """
    kind = type(error)
    kept: JobError = {
        "class": _storable(f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")),
        "message": _text_of(lambda: str(error)[:MOST_MESSAGE_CHARACTERS], "message", "__str__"),
        "at": time.time(),
        "worker": worker,
    }
    if with_traceback:
        kept["traceback"] = _text_of(
            lambda: "".join(traceback.format_exception(error))[-MOST_MESSAGE_CHARACTERS:],
            "traceback",
            "class",
        )
    return kept


def _timed(kept: JobError, seconds: float | None) -> JobError:
    """Return an error with the seconds that its run took, where somebody knows them."""
    return kept if seconds is None else {**kept, "seconds": round(seconds, 3)}


def _text_of(read: Callable[[], str], what: str, whose: str) -> str:
    try:
        return _storable(read())
    except BaseException as raised:  # noqa: BLE001  # the error is a class of the project
        return f"(no {what}: its {whose} raised {type(raised).__qualname__})"


def _storable(text: str) -> str:
    """Return text without lone surrogates, which file names may bring and JSON cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def is_interruption(error: BaseException, kind: type[BaseException] = JobInterrupted) -> bool:
    """Whether this error is a stop, or has one among its causes.

    Then it is no failure.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        found = pending.pop()
        if found is None or id(found) in seen:
            continue
        if _is_a(found, kind):
            return True
        seen.add(id(found))
        pending += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            pending += found.exceptions
    return False


def _is_a(error: BaseException, kind: type[BaseException]) -> bool:
    try:
        return isinstance(error, kind)
    except BaseException:  # noqa: BLE001  # isinstance asks the object too, which may be the project's
        return False


def _with_error(payload: Payload, error: JobError) -> list[JobError]:
    earlier = [{k: v for k, v in e.items() if k != "traceback"} for e in payload.errors]
    errors = [*earlier, error]
    too_many = len(errors) - MOST_ERRORS
    return errors if too_many <= 0 else [errors[0], *errors[1 + too_many :]]


def _is_exhausted(failed: Payload, options: JobOptions) -> bool:
    if options.retry_for is not None:
        first = next(e["at"] for e in failed.errors)
        return bool(time.time() - first >= options.retry_for.total_seconds())
    most = options.max_retries
    return most is not None and failed.failures > most
