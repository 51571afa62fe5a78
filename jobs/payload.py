"""The payload: what Redis keeps of one job, as JSON.

`enqueue`, the worker and the admin read and write it. The scripts never parse it, but for its first
field: `{"priority":N` stands at the very start of the bytes, so that a scheduled job can be put in
its place among the ready ones without decoding what may be a megabyte. `enqueued_at` comes next.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated, Any

import msgspec
import orjson
from msgspec import Meta, Struct, field

from jobs.errors import InvalidPayload
from jobs.options import A_QUEUE_NAME, PRIORITIES, QUEUE_NAME
from jobs.protection import protection
from jobs.text import brief

#: An error as it is kept: class, message, at, worker, `seconds` that it ran. The last: traceback.
JobError = dict[str, Any]
#: The end of the times that can be kept, in epoch seconds.
#: A later one would spoil the order of priorities.
END_OF_TIME = 2**44 / 1000
#: More failures, crashes or interruptions than a job can have; a power of two.
_END_OF_COUNT = 2**31
#: Bytes of a page of memory.
_PAGE = 4096
_Priority = Annotated[int, Meta(ge=-100, le=100)]
_Time = Annotated[float, Meta(ge=0, lt=END_OF_TIME)]
_Count = Annotated[int, Meta(ge=0, lt=_END_OF_COUNT)]
#: What no field of a payload is called, so that `extra` in JSON is a name like any other.
_NOT_IN_JSON = "(fields of a newer version)"


def dumps(data: Any) -> bytes:
    """Return the JSON of a value. Raise TypeError for what is not JSON.

    What orjson returns occupies a page of memory however short it is, so a short one is
    copied: where many are kept, each costs a tenth of the time then.
    """
    raw = orjson.dumps(data)
    return b"%b" % raw if len(raw) < _PAGE else raw


class Payload(Struct, forbid_unknown_fields=True):
    """One job as data. Treat it as a value and change a copy.

    `enqueued_at` and `run_after` are epoch seconds. `failures` counts attempts that raised.
    `overrun` says what a run did that was ended by its time limit. `options` holds what `using()`
    changed, `context` what middleware wrote. `started_at` is of the run that ended well, where its
    result is kept. `result_lost` says why what it returned is not in `result`. `sealed` holds the
    arguments of an encrypted job. `sig` is the signature, which only the bytes have: `decode` drops
    it. `extra` holds fields of a newer version, which can stand for no field that is known here.
    """

    priority: _Priority
    id: str
    job_class: str
    queue: str
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    enqueued_at: _Time = 0.0
    run_after: _Time | None = None
    failures: _Count = 0
    crashes: _Count = 0
    is_poison: bool = False
    overrun: dict[str, Any] = field(default_factory=dict)
    interruptions: _Count = 0
    errors: list[Any] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    started_at: _Time | None = None
    finished_at: _Time | None = None
    result_lost: str = ""
    sealed: str = ""
    sig: str = ""
    extra: dict[str, Any] = field(default_factory=dict, name=_NOT_IN_JSON)

    @property
    def attempt(self) -> int:
        """Return the number of the run that this payload leads to.

        The first is 1. Crashes and stops do not count.
        """
        return self.failures + 1

    def encode(self) -> bytes:
        """Return the JSON, without the fields that hold their defaults, and signed.

        Of a sealed job it never holds the arguments that were opened. Raise
        InvalidPayload for what is not JSON. `jobs.making` writes the same by hand.
        """
        raw = self._json()
        signer = protection.signer
        return raw if signer is None else signer.sign(raw, self.id, self.queue)

    def _json(self) -> bytes:
        data: dict[str, Any] = {
            "priority": self.priority,
            "enqueued_at": self.enqueued_at,
            "id": self.id,
            "job_class": self.job_class,
            "queue": self.queue,
            "args": self.args,
        }
        for name in _OPTIONAL:
            if value := getattr(self, name):
                data[name] = value
        if self.sealed:
            data["args"] = []
            data.pop("kwargs", None)
        if self.result is not None:
            data["result"] = self.result
        if self.extra:
            data |= {name: value for name, value in self.extra.items() if name not in _NAMES}
        try:
            return dumps(data)
        except TypeError as error:
            if "64-bit" in str(error):  # from elsewhere: `enqueue` takes no such number
                return msgspec.json.encode(data)
            raise InvalidPayload(
                f"Job {self.id} ({self.job_class}) is not JSON: {error}."
            ) from error

    def changed(self, **changes: Any) -> "Payload":
        """Return a copy with these fields changed."""
        return msgspec.structs.replace(self, **changes)


_OPTIONAL = (
    "kwargs",
    "run_after",
    "failures",
    "crashes",
    "is_poison",
    "overrun",
    "interruptions",
    "errors",
    "options",
    "context",
    "started_at",
    "finished_at",
    "result_lost",
    "sealed",
)
_NAMES = frozenset(Payload.__struct_fields__) - {"extra"}
#: What the worker relies on; a payload of other types is as good as unreadable.
_KINDS: Mapping[str, AbstractSet[type[Any]]] = {
    "priority": {int},
    "id": {str},
    "job_class": {str},
    "queue": {str},
    "args": {list},
    "kwargs": {dict},
    "enqueued_at": {int, float},
    "run_after": {int, float, type(None)},
    "failures": {int},
    "crashes": {int},
    "is_poison": {bool},
    "overrun": {dict},
    "interruptions": {int},
    "errors": {list},
    "options": {dict},
    "context": {dict},
    "started_at": {int, float, type(None)},
    "finished_at": {int, float, type(None)},
    "result_lost": {str},
    "sealed": {str},
}


#: The ids that a middleware may give: ASCII without spaces, and without what parts fields in Redis.
_ID = re.compile(r'[!"$-{}~]{1,64}\Z')
#: So many brackets are surely no deeper than what can be encoded. The decoder goes deeper.
_SHALLOW = 200


_decode = msgspec.json.Decoder(Payload).decode


def decode(raw: bytes) -> Payload:
    """Return the payload in these bytes, or raise InvalidPayload.

    What the worker relies on must be right: types, ranges, and a depth that can be
    written back. Past errors are for people; what is odd in them is mended, not
    refused.
    """
    try:
        payload = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        payload = _decode_carefully(raw)
    if payload.sig:
        payload.sig = ""
    if payload.errors:
        payload.errors = [_readable(error) for error in payload.errors]
    if len(raw) > 2 * _SHALLOW:
        _check_depth(raw)
    return payload


def decode_for(raw: bytes, job_id: str, queue: str) -> Payload:
    """Return the payload kept under this id in this queue.

    Raise InvalidPayload for one that cannot be read or trusted, or is of another job.
    """
    if protection.signer is not None:
        protection.signer.check(raw, job_id, queue)
    payload = decode(raw)
    if payload.id != job_id:
        raise InvalidPayload(f"id is {brief(payload.id)}, but it is kept for {brief(job_id)}")
    if payload.queue != queue:
        raise InvalidPayload(f"queue is {brief(payload.queue)}, but it is kept in {brief(queue)}")
    return payload


def payload_problem(payload: object) -> str | None:
    """Return what is wrong with a payload of a middleware, None if nothing."""
    if not isinstance(payload, Payload):
        return f"it is {brief(payload)}"
    for name, kinds in _KINDS.items():
        if type(getattr(payload, name)) not in kinds:
            return f"{name} is of type {type(getattr(payload, name)).__name__}"
    if not _ID.match(payload.id):
        return f"id is {brief(payload.id)}, not 1 to 64 letters, digits or signs but '|' and '#'"
    if not QUEUE_NAME.match(payload.queue):
        return f"queue is {brief(payload.queue)}, not {A_QUEUE_NAME}"
    return None if _is_in_range(payload) else _out_of_range(payload)


def _is_in_range(payload: Payload) -> bool:
    """Tell whether every number can be what it says."""
    times = (payload.enqueued_at, payload.run_after, payload.started_at, payload.finished_at)
    return (
        -100 <= payload.priority <= 100
        and all(at is None or 0 <= at < END_OF_TIME for at in times)
        and 0 <= payload.failures | payload.crashes | payload.interruptions < _END_OF_COUNT
    )


def _out_of_range(payload: Payload) -> str:
    """Return a sentence about the number that is out of its range."""
    if payload.priority not in PRIORITIES:
        return f"priority is {payload.priority}, not from -100 to 100"
    for name in ("enqueued_at", "run_after", "started_at", "finished_at"):
        if not 0 <= (getattr(payload, name) or 0) < END_OF_TIME:
            return f"{name} is {getattr(payload, name)}, which is no time from 1970 to 2527"
    counts = {name: getattr(payload, name) for name in ("failures", "crashes", "interruptions")}
    name = next(name for name, count in counts.items() if not 0 <= count < _END_OF_COUNT)
    return f"{name} is {counts[name]}, which is no count"


def _readable(error: Any) -> JobError:
    """Return a past error with a class, message and time that can be shown."""
    if type(error) is not dict:
        raise InvalidPayload("errors must be objects")
    name, message, at = error.get("class", ""), error.get("message", ""), error.get("at")
    is_time = (type(at) is float or type(at) is int) and 0 <= at < END_OF_TIME
    if is_time and type(name) is str and type(message) is str:
        return {"class": name, "message": message, **error}
    texts = {"class": name, "message": message}
    texts = {key: text if type(text) is str else brief(text) for key, text in texts.items()}
    return {**error, **texts, "at": at if is_time else 0.0}


def _check_depth(raw: bytes) -> None:
    if raw.count(b"[") + raw.count(b"{") <= _SHALLOW:
        return
    try:
        orjson.dumps(orjson.loads(raw))
    except (TypeError, orjson.JSONDecodeError) as error:
        raise InvalidPayload(f"it is nested too deeply: {error}") from error


def _decode_carefully(raw: bytes) -> Payload:
    """Take what a newer version may have written, or say what is wrong.

    Fields that are not known here are kept.
    """
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidPayload(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise InvalidPayload("not a JSON object")
    known = {name: value for name, value in data.items() if name in _NAMES}
    extra = {name: value for name, value in data.items() if name not in _NAMES}
    try:
        payload = Payload(**known, extra=extra)
    except TypeError as error:
        raise InvalidPayload(f"fields are missing: {error}") from error
    for name, value in known.items():
        if name in _KINDS and type(value) not in _KINDS[name]:
            raise InvalidPayload(f"{name} is of type {type(value).__name__}")
    if not _is_in_range(payload):
        raise InvalidPayload(_out_of_range(payload))
    return payload
