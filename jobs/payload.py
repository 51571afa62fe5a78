"""The payload: what Redis keeps of one job, as JSON. Read and written by `enqueue`, the worker and the admin.

The scripts never parse it, but for its first field: `{"priority":N` stands at the very start of the bytes, so that a
scheduled job can be put in its place among the ready ones without decoding what may be a megabyte.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, replace
from typing import Any

import orjson

from jobs.errors import InvalidPayload

#: An attempt's error as it is kept: class, message, at, worker, kind, and traceback for the last one only.
JobError = dict[str, Any]


@dataclass(slots=True)  # not frozen: every job that runs makes one, and freezing makes that four times as slow
class Payload:
    """One job as data; treat it as a value and change a copy.

    `enqueued_at` and `run_after` are epoch seconds; `failures` counts attempts that raised. `options`
    holds what `using()` changed, `context` what middleware wrote, `extra` fields of a newer version.
    """

    priority: int
    id: str
    job_class: str
    queue: str
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    enqueued_at: float = 0.0
    run_after: float | None = None
    failures: int = 0
    crashes: int = 0
    is_poison: bool = False
    interruptions: int = 0
    errors: list[JobError] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    finished_at: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def attempt(self) -> int:
        """Return the number of the run that this payload leads to; the first is 1. Crashes and stops do not count."""
        return self.failures + 1

    def encode(self) -> bytes:
        """Return the JSON, without the fields that hold their defaults. Raise InvalidPayload for what is not JSON."""
        data: dict[str, Any] = {"priority": self.priority, "id": self.id, "job_class": self.job_class}
        data |= {"queue": self.queue, "args": self.args, "enqueued_at": self.enqueued_at}
        for name in _OPTIONAL:
            if value := getattr(self, name):
                data[name] = value
        if self.result is not None:
            data["result"] = self.result
        data |= self.extra
        try:
            return orjson.dumps(data)
        except TypeError as error:
            raise InvalidPayload(f"Job {self.id} ({self.job_class}) is not JSON: {error}.") from error

    def changed(self, **changes: Any) -> "Payload":
        """Return a copy with these fields changed."""
        return replace(self, **changes)


_OPTIONAL = (
    "kwargs",
    "run_after",
    "failures",
    "crashes",
    "is_poison",
    "interruptions",
    "errors",
    "options",
    "context",
    "finished_at",
)
_NAMES = frozenset(f.name for f in fields(Payload)) - {"extra"}
_TEXT, _COUNT, _OBJECT, _LIST = ({str}, {int}, {dict}, {list})
_TIME = {int, float, type(None)}
#: What the worker relies on; a payload of other types is as good as unreadable.
_KINDS: Mapping[str, AbstractSet[type[Any]]] = {
    "priority": _COUNT,
    "id": _TEXT,
    "job_class": _TEXT,
    "queue": _TEXT,
    "args": _LIST,
    "kwargs": _OBJECT,
    "enqueued_at": {int, float},
    "run_after": _TIME,
    "failures": _COUNT,
    "crashes": _COUNT,
    "is_poison": {bool},
    "interruptions": _COUNT,
    "errors": _LIST,
    "options": _OBJECT,
    "context": _OBJECT,
    "finished_at": _TIME,
}


def decode(raw: bytes) -> Payload:
    """Return the payload in these bytes, or raise InvalidPayload."""
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidPayload(f"not JSON: {error}") from error
    try:
        payload = Payload(**data)
    except TypeError:
        payload = _decode_carefully(data)
    for name, value in data.items():
        if name in _KINDS and type(value) not in _KINDS[name]:
            raise InvalidPayload(f"{name} is of type {type(value).__name__}")
    if not all(type(error) is dict for error in payload.errors):
        raise InvalidPayload("errors must be objects")
    return payload


def _decode_carefully(data: object) -> Payload:
    """Take what a newer version may have written: unknown fields are kept in `extra`."""
    if not isinstance(data, dict):
        raise InvalidPayload("not a JSON object")
    known = {name: value for name, value in data.items() if name in _NAMES}
    extra = {name: value for name, value in data.items() if name not in _NAMES}
    try:
        return Payload(**known, extra=extra)
    except TypeError as error:
        raise InvalidPayload(f"fields are missing: {error}") from error


def corrupt_payload(job_id: str, queue: str, raw: bytes, error: JobError) -> Payload:
    """Return a payload that keeps unreadable bytes for a person to see, with the reason they are unreadable."""
    shown = raw[:10_000].decode("utf-8", "backslashreplace")
    return Payload(0, job_id, "", queue, errors=[error], extra={"unreadable": shown, "unreadable_bytes": len(raw)})
