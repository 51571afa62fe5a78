"""Captures the jobs that a block of a test enqueues."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from jobs.job import Job
from jobs.payload import Payload
from jobs.sink import switch
from jobs.testing.draining import drain_those
from jobs.testing.fake_job import FakeJob
from jobs.testing.fake_queue import FakeQueue
from jobs.testing.modes import collection, is_of, mode


@contextmanager
def capture_jobs(
    job_class: type[Job] | None = None, *, execute: bool = False
) -> Iterator[list[Payload]]:
    """Capture the jobs that the `with` block enqueues, of one class or of all.

    The list is filled when the block ends: with what no rollback and no other unique job has taken
    away. It works like Django's `captureOnCommitCallbacks`: with `execute=True` those of the list
    that are due run at the end, and what they enqueue, in the list too. Without an error in the
    block, that is.

    In fake mode the jobs are collected as ever. Elsewhere the block is in fake mode, so that they
    are captured instead of run or pushed.
    """
    with ExitStack() as stack:
        if not isinstance(switch.current, FakeQueue):
            stack.enter_context(mode("fake"))
        queue = collection()
        seen: list[FakeJob] = []
        queue.watchers.append(seen)
        captured: list[Payload] = []
        try:
            yield captured
            if execute:
                drain_those(
                    lambda job: job.is_due and job in seen and is_of(job_class, job.payload)
                )
        finally:
            queue.watchers[:] = [watcher for watcher in queue.watchers if watcher is not seen]
            there = {id(job) for job in queue.jobs()}
            captured += [
                job.payload
                for job in seen
                if is_of(job_class, job.payload) and (job.was_taken or id(job) in there)
            ]
