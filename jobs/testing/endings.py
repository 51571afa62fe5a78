"""Keeps how the jobs of a test ended, for whoever asks for their results.

In real mode a worker does it, so nothing is kept here.
"""

import math

from jobs.abilities import Able
from jobs.features.results.desks import MemoryDesk, switch
from jobs.job import Job
from jobs.payload import Payload
from jobs.progress import Progress
from jobs.returns import Kept


def keep(kept: Kept | None) -> None:
    """Keep a job with its result, or with why it has none."""
    if kept is not None and (desk := _desk()):
        desk.note(kept.payload.id, "done", kept.payload.encode(), kept.seconds)


def died(payload: Payload) -> None:
    """Keep the last error of a job that will not be tried again."""
    if desk := _desk():
        desk.note(payload.id, "dead", payload.encode(), math.inf)


def snoozed(payload: Payload) -> None:
    """Note that a job wants to run later, when nobody runs it."""
    if desk := _desk():
        desk.note(payload.id, "retry", payload.encode(), math.inf)


def tell(job: Able, done: float, total: float | None, note: str) -> None:
    """Keep how far a job has got, as a worker would. Raise InvalidArguments."""
    told = Progress.told(done, total, note)
    if isinstance(job, Job) and (desk := _desk()):
        desk.tell(job.job_id, told.encode())


def progress_of(job_id: str) -> Progress | None:
    """Return the last that a job told of its progress."""
    desk = _desk()
    return None if desk is None else Progress.decode(desk.told(job_id))


def pass_time(seconds: float) -> None:
    """Let results be forgotten so much sooner."""
    if desk := _desk():
        desk.pass_time(seconds)


def _desk() -> MemoryDesk | None:
    desk = switch.current()
    return desk if isinstance(desk, MemoryDesk) else None
