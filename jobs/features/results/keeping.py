"""Keeps what jobs return, under the option `keep_result_for`."""

import time
from datetime import timedelta
from typing import Any

import orjson

from jobs.conf import get_settings
from jobs.events import ResultNotKept, emit
from jobs.options import A_DURATION, Option, is_duration
from jobs.payload import Payload
from jobs.returns import Kept, takes_returns

#: Returns the name of a class, whatever its metaclass says.
_name_of = type.__dict__["__name__"].__get__


@takes_returns("keep_result_for", Option(is_duration, A_DURATION))
def keep(payload: Payload, keep_for: timedelta, result: Any) -> Kept:
    """Return the payload of a job that is done, with its result.

    A result that is no JSON, or too large, does not fail the job. The job is done, and the result
    is not kept.
    """
    done = payload.changed(finished_at=time.time())
    return Kept(_with_result(done, result), keep_for.total_seconds())


def _with_result(payload: Payload, result: Any) -> Payload:
    kind = _name_of(type(result))
    try:
        # `encode` would take a number of more than 64 bits, for the sake of arguments.
        raw = orjson.dumps(result)
        # A copy: a thread that the job has left behind may go on changing what it returned.
        changed = payload.changed(result=orjson.loads(raw))
        changed.encode()
    except Exception:  # noqa: BLE001  # what encodes looks into objects of the project
        return _without_result(payload, kind, f"a value of type {kind} is no JSON")
    most = get_settings().max_payload_bytes
    if len(raw) > most:
        reason = f"it has {len(raw):,} bytes, more than JOBS['MAX_PAYLOAD_BYTES'] = {most:,}"
        return _without_result(payload, f"{kind} of {len(raw):,} bytes", reason)
    return changed


def _without_result(payload: Payload, kind: str, reason: str) -> Payload:
    emit(ResultNotKept(payload, kind))
    return payload.changed(result_lost=reason)
