"""Finds a job by its id, wherever it is."""

from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord, record_of_location
from jobs.store.job_reader import JobReader
from jobs.store.reader import Reader


def find(job_id: str, reader: Reader | None = None) -> JobRecord | None:
    """Return the job of this id, or None if there is none any more.

    It looks into the queues that the reader sees. It costs four round trips, O(queues + log n).
    """
    reader = reader or get_reader()
    location = JobReader(reader).locate(queue_names(reader), job_id)
    if location is None:
        return None
    job = record_of_location(location, job_id)
    job.note_fault(reader)
    return job.seen_with(reader.sight)
