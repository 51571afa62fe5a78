"""One job as people see it: its payload and its place.

The values of secret arguments are hidden.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import orjson
from django.utils.translation import gettext as _

from jobs.conf import get_settings
from jobs.errors import InvalidPayload, UnknownJob, UntrustedPayload
from jobs.job import Job
from jobs.moment import moment
from jobs.parked import AsItIs, corrupt_payload, untrusted_payload
from jobs.payload import JobError, Payload, decode
from jobs.progress import Progress
from jobs.protection import protection
from jobs.redaction import redact_text, redacted_arguments
from jobs.registry import registry
from jobs.store.job_reader import Location
from jobs.store.reader import TIME_BITS, Reader, SetName
from jobs.store.set_reader import Entry
from jobs.store.sight import Sight
from jobs.text import grouped, shown

#: Where a job is. It is empty for a job in no place of its queue, which the doctor repairs.
JobPlace = SetName | Literal["running", ""]
#: Most errors of a job that are looked at, the latest. A worker keeps no more.
MOST_ERRORS = 100
#: What an error tells besides its words.
_WORDLESS = ("class", "at", "worker", "seconds")


@dataclass(frozen=True)
class JobRecord:
    """A job at a moment.

    `at` depends on its `place`: when it is due, when it died or became ready, or when
    its result expires. Arguments are shown without secrets. `payload` has them all, and
    must not be shown. `fault` says why the payload cannot be read, where that is so.
    `progress` is what the job told last, in its latest run that told anything.
    """

    queue: str
    place: JobPlace
    payload: Payload
    at: datetime | None = None
    worker: str = ""
    fault: str = ""
    progress: Progress | None = None

    @property
    def id(self) -> str:
        """The id of the job."""
        return self.payload.id

    @property
    def job_class(self) -> str:
        """The registered name of its class."""
        return self.payload.job_class

    @cached_property
    def known_class(self) -> type[Job] | None:
        """The class, None if this process does not know it."""
        try:
            return registry.find(self.job_class)
        except UnknownJob:
            return None

    @cached_property
    def _arguments(self) -> tuple[list[Any], dict[str, Any]]:
        return redacted_arguments(self.payload, self.parameters, get_settings().redact)

    @property
    def parameters(self) -> Sequence[str]:
        """The names of its positional arguments.

        There are none if this process does not know its class.
        """
        return self.known_class.parameter_names() if self.known_class else ()

    @property
    def args(self) -> list[Any]:
        """The positional arguments, without secrets."""
        return self._arguments[0]

    @property
    def kwargs(self) -> dict[str, Any]:
        """The arguments by name, without secrets."""
        return self._arguments[1]

    @cached_property
    def arguments_text(self) -> str:
        """All arguments as one line, in JSON: `7, "a", {"by": "name"}`."""
        parts: list[object] = [*self.args]
        if self.kwargs:
            parts.append(self.kwargs)
        return ", ".join(orjson.dumps(part).decode() for part in parts)

    @property
    def is_trusted(self) -> bool:
        """Whether its signature is right, or need not be there."""
        return not isinstance(self.payload, AsItIs)

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody can read its arguments here."""
        return bool(self.payload.sealed)

    @property
    def attempt(self) -> int:
        """The number of the run that it waits for, or is in."""
        return self.payload.attempt

    @property
    def errors(self) -> list[JobError]:
        """What went wrong so far, at most the latest 100, the oldest first.

        Their words may hold secrets. Show them with `redact_text`.
        """
        errors: list[object] = [*self.payload.errors][-MOST_ERRORS:]  # whatever `decode` lets pass
        return [error for error in errors if isinstance(error, dict)]

    @cached_property
    def error(self) -> JobError | None:
        """The last error, if there is one."""
        errors = self.errors
        return errors[-1] if errors else None

    @property
    def error_class(self) -> str:
        """The class of the last error, or nothing."""
        return text_in(self.error, "class") if self.error else ""

    @cached_property
    def error_message(self) -> str:
        """The message of the last error without secrets, or nothing."""
        if self.error is None:
            return ""
        return redact_text(text_in(self.error, "message"), get_settings().redact)

    @cached_property
    def progress_text(self) -> str:
        """What it told of its progress in words, without secrets, or nothing."""
        if self.progress is None:
            return ""
        return progress_in_words(self.progress, get_settings().redact)

    @property
    def enqueued_at(self) -> datetime:
        """When it was enqueued."""
        return moment(self.payload.enqueued_at)

    @property
    def run_after(self) -> datetime | None:
        """The time that the caller asked for, if any."""
        return None if self.payload.run_after is None else moment(self.payload.run_after)

    @property
    def started_at(self) -> datetime | None:
        """When the run began that ended well, if it is kept."""
        return None if self.payload.started_at is None else moment(self.payload.started_at)

    @property
    def finished_at(self) -> datetime | None:
        """When it finished, if it has."""
        return None if self.payload.finished_at is None else moment(self.payload.finished_at)

    def seen_with(self, sight: Sight) -> "JobRecord":
        """Return the job as it may be shown to somebody.

        Without sight of arguments it has none, nor a context, a result, or words of
        errors: these may quote them.
        """
        if sight.sees_arguments:
            return self
        errors = [{k: e[k] for k in _WORDLESS if k in e} for e in self.errors]
        bare = self.without_arguments()
        progress = self.progress and self.progress.without_note()
        return replace(bare, payload=bare.payload.changed(errors=errors), progress=progress)

    def without_arguments(self) -> "JobRecord":
        """Return the job without arguments, context and result, which may be large."""
        bare = self.payload.changed(
            args=[], kwargs={}, sealed="", context={}, result=None, extra={}
        )
        return replace(self, payload=bare)

    def note_fault(self, reader: Reader) -> None:
        """Leave a problem with the reader if the payload cannot be read."""
        if self.fault:
            values = {"id": shown(self.id), "fault": self.fault}
            reason = _("The payload of job %(id)s cannot be read: %(fault)s")
            if not self.is_trusted:
                reason = _("Job %(id)s is not trusted: %(fault)s.")
            remedy = _("If nobody needs it, run: python manage.py jobs delete %(id)s") % values
            reader.note(reader.store.keys(self.queue).payloads, reason % values, remedy)


def progress_in_words(progress: Progress, secrets: Sequence[str]) -> str:
    """Return what a job told of its progress as one line, its secrets hidden."""
    numbers = _amount(progress.done)
    if progress.total is not None:
        numbers = _("%(done)s of %(total)s") % {"done": numbers, "total": _amount(progress.total)}
    note = redact_text(progress.note, secrets)
    return f"{numbers}: {note}" if note else numbers


def _amount(number: float) -> str:
    return grouped(number, 0 if float(number).is_integer() else 1)


def text_in(error: JobError, name: str) -> str:
    """Return one field of an error as text, whatever it is.

    It is empty where the field is missing.
    """
    value = error.get(name, "")
    try:
        return value if isinstance(value, str) else str(value)
    # A list may be nested too deep, an integer may be too long.
    except (RecursionError, ValueError):
        return "…"


def time_of(error: JobError) -> datetime | None:
    """Return when an error happened, or None where it does not say so."""
    at = error.get("at")
    is_number = isinstance(at, int | float) and not isinstance(at, bool)
    return moment(at) if is_number and at else None


def record_of_entry(queue: str, name: SetName, entry: Entry) -> JobRecord:
    """Return the record of a job that was found in a set."""
    payload, fault = _read(entry.job_id, queue, entry.payload or b"", entry.too_long)
    return JobRecord(queue, name, payload, time_of_score(name, entry.score), fault=fault)


def record_of_location(location: Location, job_id: str) -> JobRecord:
    """Return the record of a job that was found by its id."""
    payload, fault = _read(job_id, location.queue, location.payload, location.too_long)
    return JobRecord(
        queue=location.queue,
        place=location.place or "",
        payload=payload,
        at=time_of_score(location.place, location.score),
        worker=location.worker,
        fault=fault,
        progress=Progress.decode(location.note),
    )


def _read(job_id: str, queue: str, raw: bytes, too_long: int) -> tuple[Payload, str]:
    """Return the payload under its key's id, and why it cannot be read.

    A payload that cannot be read is shown as it is. Of one that is too long only the
    number of its bytes is known.
    """
    if too_long:
        fault = _("it has %(bytes)s bytes, too many to be shown") % {"bytes": grouped(too_long)}
        return _unreadable(job_id, queue, raw, fault), fault
    try:
        payload = decode(raw).changed(id=job_id)
        if protection.signer is not None:
            protection.signer.check(raw, job_id, queue)
    except UntrustedPayload as error:
        shown_error = _as_error(str(error), type(error).__name__)
        return untrusted_payload(job_id, queue, raw, shown_error), str(error)
    except (InvalidPayload, ArithmeticError, RecursionError, TypeError, ValueError) as error:
        fault = str(error) if raw else _("there is none")
        return _unreadable(job_id, queue, raw, fault), fault
    return payload, ""


def _unreadable(job_id: str, queue: str, raw: bytes, fault: str) -> Payload:
    return corrupt_payload(job_id, queue, raw, _as_error(fault))


def _as_error(fault: str, name: str = "InvalidPayload") -> JobError:
    return {"class": name, "message": fault, "at": 0.0}


def time_of_score(place: str | None, score: float) -> datetime | None:
    """Return the time in a score.

    In the score of a ready or running job the priority stands above the time, see
    TIME_BITS.
    """
    milliseconds = score
    if place in {"ready", "running"} and math.isfinite(score):
        milliseconds = score % (1 << TIME_BITS)
    return moment(milliseconds / 1000) if milliseconds else None
