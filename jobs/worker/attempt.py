"""One attempt at one job: what the worker knows of it while it runs."""

from msgspec import Struct

from jobs.job import Job
from jobs.options import JobOptions
from jobs.payload import Payload, decode_for
from jobs.worker.unit import Unit


class Run(Struct):
    """One attempt at one job.

    `payload` is what the job sees. `raw` is the payload as Redis has it now: as it was fetched, or
    as it was written since. `started` is a reading of the clock `perf_counter`, `began_at` is in
    epoch seconds.
    """

    unit: Unit
    payload: Payload
    job: Job
    options: JobOptions
    started: float
    raw: bytes
    began_at: float = 0.0

    def stored(self) -> Payload:
        """Return the payload as Redis has it.

        The job may have changed its arguments in place.
        """
        return decode_for(self.raw, self.unit.id, self.unit.queue)
