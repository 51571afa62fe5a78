"""Jobs that end as a test wants, and one run of such a job."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from jobs.job import Job
from jobs.registry import registry
from tests.jobs.worker.made_jobs import broken_jobs, place_of, push
from tests.jobs.worker.small_worker import running
from tests.waiting import wait_until

#: What the methods of EndingJob do, by name.
CODE: dict[str, Callable] = {}
told: list[str] = []
ran: list[str] = []


class EndingJob(Job):
    """Ends as the test wants it to."""

    max_retries = 1

    def perform(self, *args):
        return CODE["perform"](self, *args)

    def retry_in(self, attempt, error):
        return CODE["retry_in"]()

    def on_exhausted(self, error):
        told.append("exhausted")
        CODE["on_exhausted"]()


class AsyncEndingJob(EndingJob):
    async def perform(self, *args):
        await asyncio.sleep(0)
        return CODE["perform"](self, *args)


class KeptEndingJob(EndingJob):
    keep_result_for = timedelta(minutes=1)


def note_error(error, context):
    told.append(f"error:{context['outcome']}:{context['attempt']}")


def note_death(job, error):
    told.append("death")


def begin_anew(settings, caplog) -> None:
    """Forget the test before this one, and have all handlers note what they hear."""
    told.clear()
    ran.clear()
    CODE.clear()
    CODE.update(retry_in=lambda: 1000, on_exhausted=lambda: None)
    settings.JOBS = {
        "ERROR_HANDLERS": [f"{__name__}.note_error"],
        "DEATH_HANDLERS": [f"{__name__}.note_death"],
    }
    caplog.set_level(logging.INFO, "jobs")


def raising(error: BaseException) -> Callable:
    def perform(job, *args):
        raise error

    return perform


def run(store, worker, perform: Callable, job_class: type[Job] = EndingJob, **fields) -> str:
    def perform_last(job, *args):
        ran.append(job.job_id)
        worker.buffer.gate.close()  # the job may come back, and shall not run again
        return perform(job, *args)

    CODE["perform"] = perform_last
    (job_id,) = push(store, job_class=registry.name_of(job_class), **fields)
    return settle(store, worker, job_id)


def settle(store, worker, job_id: str) -> str:
    """Let a worker run one job until the worker holds it no more.

    All threads of the worker live on. Returns the id of the job.
    """
    with running(worker):
        wait_until(lambda: ran or place_of(store, job_id) not in {"ready", "running"})
        worker.buffer.gate.close()
        wait_until(
            lambda: (
                worker.buffer.custody.number_of(job_id) is None
                and place_of(store, job_id) != "running"
            )
        )
        wait_until(lambda: not worker.crew.loop.running())
    assert broken_jobs(store) == []
    return job_id


ENDS = {
    "handler.failed",
    "job.cancelled",
    "job.dead",
    "job.discarded",
    "job.done",
    "job.interrupted",
    "job.parked",
    "job.quarantined",
    "job.retried",
    "job.snoozed",
    "worker.fault",
}


def events(caplog) -> list[str]:
    """Return the lines about the ends of jobs, and those about faults."""
    return [r.event for r in caplog.records if getattr(r, "event", None) in ENDS]
