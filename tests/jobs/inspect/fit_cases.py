"""Jobs that suit the code or do not, each with what becomes of it.

The read side judges them, and a worker runs them: both must agree.
"""

from typing import Any

import orjson

from jobs import Job
from jobs.ids import new_job_id
from jobs.store import Store
from jobs.store.reader import TIME_BITS

#: What no look may ever tell.
SECRET = "4111-1111-1111-1111"
APP = __name__


class NowJob(Job):
    """Its code has changed since its jobs were enqueued."""

    max_retries = 3

    def perform(self, order_id: str, *, note: str) -> None: ...


class FreeJob(Job):
    def perform(self, *args: object, **kwargs: object) -> None: ...


class SelfJob(Job):
    def perform(self) -> None: ...


class AsyncJob(Job):
    async def perform(self, number: str) -> None: ...


def _job(name: str, *args: object, **fields: Any) -> dict[str, Any]:
    return {
        "priority": 0,
        "enqueued_at": 1.7e9,
        "id": new_job_id(),
        "job_class": f"{APP}.{name}",
        "queue": "default",
        "args": list(args),
        **fields,
    }


#: By a sentence: the fields, the kind of the fault, and a part of the reason.
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "suits": (_job("NowJob", SECRET, kwargs={"note": SECRET}), "", ""),
    "takes anything": (_job("FreeJob", SECRET, 2, 3, kwargs={"any": SECRET}), "", ""),
    "an option that suits": (_job("FreeJob", options={"max_retries": 7}), "", ""),
    "a field of a newer version": (_job("FreeJob", lane="fast"), "", ""),
    "the class is gone": (_job("GoneJob", SECRET), "unknown_class", "No job class"),
    "the class never had a name": (_job("", SECRET), "unknown_class", "No job class"),
    "an argument is missing": (
        _job("NowJob", kwargs={"note": SECRET}),
        "arguments",
        "NowJob.perform(order_id: str, *, note: str): missing a required argument: 'order_id'.",
    ),
    "a new parameter": (_job("NowJob", SECRET), "arguments", "argument: 'note'"),
    "too many arguments": (
        _job("NowJob", SECRET, SECRET, kwargs={"note": SECRET}),
        "arguments",
        "too many positional arguments",
    ),
    "a parameter is gone": (
        _job("NowJob", SECRET, kwargs={"note": "", "lang": SECRET}),
        "arguments",
        "unexpected keyword argument 'lang'",
    ),
    "an argument twice": (
        _job("NowJob", SECRET, kwargs={"order_id": SECRET, "note": ""}),
        "arguments",
        "multiple values for argument 'order_id'",
    ),
    "an argument called self": (
        _job("SelfJob", kwargs={"self": SECRET}),
        "arguments",
        "SelfJob.perform",
    ),
    "a coroutine without its argument": (_job("AsyncJob"), "arguments", "'number'"),
    "an option that nobody declares": (
        _job("FreeJob", options={"tenant": SECRET, "max_retries": 1}),
        "options",
        "Nothing here declares its option 'tenant'.",
    ),
    "an option of another kind": (
        _job("FreeJob", options={"max_retries": SECRET}),
        "options",
        "Its option 'max_retries' has a value that is not right any more.",
    ),
    "options that exclude each other": (
        _job("FreeJob", options={"max_retries": 1, "retry_for": {"timedelta_seconds": 5}}),
        "options",
        "Its options exclude each other: max_retries, retry_for.",
    ),
    "an option that cannot be read": (
        _job("FreeJob", options={"retry_for": {"timedelta_seconds": SECRET}}),
        "options",
        "Its option 'retry_for' has a value that is not right any more.",
    ),
    "options before arguments": (
        _job("NowJob", options={"gone": SECRET}),
        "options",
        "Nothing here declares its option 'gone'.",
    ),
    "a field of another type": (
        _job("FreeJob") | {"args": SECRET},
        "unreadable",
        "Its payload cannot be read: args is of type str.",
    ),
    "a field is missing": (
        {"priority": 0, "id": new_job_id(), "args": [SECRET]},
        "unreadable",
        "fields are missing",
    ),
    "kept in another queue": (
        _job("FreeJob", SECRET) | {"queue": "elsewhere"},
        "unreadable",
        "queue is 'elsewhere', but it is kept in 'default'",
    ),
}
#: What a worker leaves a job in.
PLACES = {"": None, "arguments": "retry", "options": "dead", "unknown_class": "dead"} | {
    "unreadable": "dead"
}


def put_raw(store: Store, name: str, raw: bytes, job_id: str = "", *, at: float = 1.7e9) -> str:
    """Put bytes straight into a set of the queue `default`, and return their id."""
    job_id = job_id or new_job_id()
    keys = store.keys("default")
    score = round(at * 1000) + ((100 << TIME_BITS) if name == "ready" else 0)
    store.client.hset(keys.payloads, job_id, raw)
    store.client.zadd(getattr(keys, name), {job_id: score})
    store.intake.announce_queues(["default"])
    return job_id


def put_case(store: Store, name: str, case: str, *, at: float = 1.7e9) -> str:
    """Put one of the jobs into a set."""
    fields = CASES[case][0]
    return put_raw(store, name, orjson.dumps(fields), fields["id"], at=at)
