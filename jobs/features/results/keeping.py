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


@takes_returns("keep_result_for", Option(is_duration, A_DURATION))
def keep(payload: Payload, keep_for: timedelta, result: Any) -> Kept:
    """Return the payload of a job that is done, with its result.

    A result that is no JSON, or too large, does not fail the job. The job is done, and the result
    is not kept.
    """
    done = payload.changed(finished_at=time.time())
    return Kept(_with_result(done, result), keep_for.total_seconds())


def _with_result(payload: Payload, result: Any) -> Payload:
    kind = type(result).__name__
    try:
        # `encode` would take a number of more than 64 bits, for the sake of arguments.
        size = len(orjson.dumps(result))
        changed = payload.changed(result=result)
        changed.encode()
    except Exception:  # noqa: BLE001  # what encodes looks into objects of the project
        return _without_result(payload, kind, f"a value of type {kind} is no JSON")
    most = get_settings().max_payload_bytes
    if size > most:
        reason = f"it has {size:,} bytes, more than JOBS['MAX_PAYLOAD_BYTES'] = {most:,}"
        return _without_result(payload, f"{kind} of {size:,} bytes", reason)
    return changed


def _without_result(payload: Payload, kind: str, reason: str) -> Payload:
    emit(ResultNotKept(payload, kind))
    return payload.changed(result_lost=reason)
