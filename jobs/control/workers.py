"""Orders to workers: be quiet, stop, cancel a job. A worker obeys within a second or so."""

from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord
from jobs.store.job_reader import JobReader
from jobs.store.orders import Orders


def quiet(worker: str) -> bool:
    """Tell a worker to take no more jobs; return whether it gives signs of life. One round trip, O(1)."""
    return Orders(get_reader().store).give(worker, "quiet")


def stop(worker: str) -> bool:
    """Tell a worker to end by its timeout, as TERM does; return whether it gives signs of life. One round trip, O(1).

    Its supervisor starts no other in its place, and ends with its last worker.
    """
    return Orders(get_reader().store).give(worker, "stop")


def cancel(job: JobRecord) -> bool:
    """Tell the worker that runs a job to cancel it; return whether one does. Two round trips, O(log n).

    A coroutine is cancelled. A job in a thread sees `self.stopping` and `self.cancelled`, and ends when it looks. One
    that ends with an exception is put into the dead set, from which it can be retried; one that returns is done.
    """
    reader = get_reader()
    found = JobReader(reader).locate([job.queue], job.id)
    if found is None or not found.worker:
        return False
    Orders(reader.store).give(found.worker, f"cancel {job.id}")
    return True
