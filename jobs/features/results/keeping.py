"""Keeps what jobs return, under the option `keep_result_for`."""

import time
from datetime import timedelta
from typing import Any

import orjson

from jobs.events import ResultNotKept, emit
from jobs.options import A_DURATION, Option, is_duration
from jobs.payload import Payload
from jobs.returns import Kept, takes_returns


@takes_returns("keep_result_for", Option(is_duration, A_DURATION))
def keep(payload: Payload, keep_for: timedelta, result: Any) -> Kept:
    """Return the payload of a job that is done, with its result.

    A result that is no JSON does not fail the job. The job is done, and the result is not kept.
    """
    done = payload.changed(finished_at=time.time())
    return Kept(_with_result(done, result), keep_for.total_seconds())


def _with_result(payload: Payload, result: Any) -> Payload:
    try:
        # `encode` would take a number of more than 64 bits, for the sake of arguments.
        orjson.dumps(result)
        changed = payload.changed(result=result)
        changed.encode()
    except Exception:  # noqa: BLE001  # what encodes looks into objects of the project
        emit(ResultNotKept(payload, type(result).__name__))
        return payload
    return changed
