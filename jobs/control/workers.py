"""Requests to workers: be quiet, take jobs again, stop, cancel a job.

A worker follows one within about a second.
"""

from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord
from jobs.store.job_reader import JobReader
from jobs.store.keys import first_name
from jobs.store.questions import refusals_explained
from jobs.store.requests import Requests


def quiet(worker: str) -> bool:
    """Tell a worker to take no more jobs.

    Return whether it gives signs of life. It costs one round trip, O(1).
    """
    return _ask(worker, "quiet")


def unquiet(worker: str) -> bool:
    """Tell a quiet worker to take jobs again.

    Return whether it gives signs of life. One that stops or is being replaced stays as it is. It
    costs one round trip, O(1).
    """
    return _ask(worker, "unquiet")


def stop(worker: str) -> bool:
    """Tell a worker to end by its timeout, as TERM does.

    Return whether it gives signs of life. Its supervisor starts no other in its place, and ends
    with its last worker. It costs one round trip, O(1).
    """
    return _ask(worker, "stop")


def cancel(job: JobRecord) -> bool:
    """Tell the worker that runs a job to cancel it.

    Return whether a worker runs it. It costs two round trips, O(log n).

    A coroutine is cancelled. A job in a thread sees `self.stopping` and `self.cancelled`, and ends
    when it looks. A job that ends with an exception is put into the dead set, from which it can be
    retried. A job that returns is done.
    """
    reader = get_reader()
    found = JobReader(reader).locate([job.queue], job.id)
    if found is None or not found.worker:
        return False
    _ask(first_name(found.worker), f"cancel {job.id}")
    return True


def _ask(worker: str, request: str) -> bool:
    with refusals_explained():
        return Requests(get_reader().store).put(worker, request)
