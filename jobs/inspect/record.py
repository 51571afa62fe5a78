"""One job as people see it: its payload and its place, with the values of secret arguments hidden."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

import orjson

from jobs.conf import get_settings
from jobs.errors import InvalidPayload, UnknownJob
from jobs.job import Job
from jobs.payload import JobError, Payload, corrupt_payload, decode
from jobs.redaction import redacted_arguments
from jobs.registry import registry
from jobs.store.job_reader import Entry, Location
from jobs.store.reader import TIME_BITS, SetName

#: Where a job is; empty when it is in its queue but in no place, which the doctor repairs.
JobPlace = SetName | Literal["running", ""]


@dataclass(frozen=True)
class JobRecord:
    """A job at a moment. `at`: when it is due, died, became ready, or when its result expires; see `place`.

    Arguments are shown without secrets; `payload` has them all, and must not be shown.
    """

    queue: str
    place: JobPlace
    payload: Payload
    at: datetime | None = None
    worker: str = ""

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
        names: Sequence[str] = self.known_class.parameter_names() if self.known_class else ()
        return redacted_arguments(self.payload, names, get_settings().redact)

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
        parts = [orjson.dumps(arg).decode() for arg in self.args]
        parts += [orjson.dumps(self.kwargs).decode()] if self.kwargs else []
        return ", ".join(parts)

    @property
    def attempt(self) -> int:
        """The number of the run that it waits for, or is in."""
        return self.payload.attempt

    @property
    def errors(self) -> list[JobError]:
        """What went wrong so far, the oldest first."""
        return self.payload.errors

    @property
    def error(self) -> JobError | None:
        """The last error, if there is one."""
        return self.payload.errors[-1] if self.payload.errors else None

    @property
    def error_class(self) -> str:
        """The class of the last error, or nothing."""
        return str(self.error.get("class", "")) if self.error else ""

    @property
    def error_message(self) -> str:
        """The message of the last error, or nothing."""
        return str(self.error.get("message", "")) if self.error else ""

    @property
    def enqueued_at(self) -> datetime:
        """When it was enqueued."""
        return datetime.fromtimestamp(self.payload.enqueued_at, UTC)

    @property
    def run_after(self) -> datetime | None:
        """The time that the caller asked for, if any."""
        return None if self.payload.run_after is None else datetime.fromtimestamp(self.payload.run_after, UTC)

    @property
    def finished_at(self) -> datetime | None:
        """When it finished, if it has."""
        return None if self.payload.finished_at is None else datetime.fromtimestamp(self.payload.finished_at, UTC)


def record_of_entry(queue: str, name: SetName, entry: Entry) -> JobRecord:
    """Return the record of a job that was found in a set."""
    payload = _payload(entry.job_id, queue, entry.payload or b"")
    return JobRecord(queue, name, payload, _at(name, entry.score))


def record_of_location(location: Location, job_id: str) -> JobRecord:
    """Return the record of a job that was found by its id."""
    payload = _payload(job_id, location.queue, location.payload)
    at = _at("ready" if location.place == "running" else location.place, location.score)
    return JobRecord(location.queue, location.place or "", payload, at, location.worker)


def _payload(job_id: str, queue: str, raw: bytes) -> Payload:
    """Return the payload under its key's id; what cannot be read is shown as it is."""
    try:
        return decode(raw).changed(id=job_id)
    except InvalidPayload as error:
        return corrupt_payload(job_id, queue, raw, {"class": "InvalidPayload", "message": str(error), "at": 0.0})


def _at(place: str | None, score: float) -> datetime | None:
    milliseconds = int(score) % (1 << TIME_BITS) if place == "ready" else int(score)
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
