"""Runs one payload here and now, through the middleware, as a worker would.

Used by `perform_now` and by test tools.
"""

from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync

from jobs.enqueue import options_of
from jobs.errors import TransientError
from jobs.middleware.chain import get_chain
from jobs.protection import opened
from jobs.registry import registry
from jobs.signs import start_clock

if TYPE_CHECKING:
    from jobs.job import Job
    from jobs.payload import Payload


def run_payload(payload: "Payload") -> Any:
    """Run a job and return what `perform` returns.

    Errors are raised as the job raised them: nobody retries here, so a transient one is not
    wrapped. Raise UnknownJob for a class nobody has.
    """
    try:
        return run_job(job_of(payload), payload)
    except TransientError as error:
        original = error.original
    try:
        raise original
    finally:
        del original  # its traceback holds this frame


def job_of(payload: "Payload") -> "Job":
    """Return the job of a payload, with the options that hold for it.

    Raise UnknownJob.
    """
    job_class = registry.find(payload.job_class)
    job = job_class(payload)
    job.options = options_of(job_class, payload)
    return job


def run_job(job: "Job", payload: "Payload") -> Any:
    """Run a job and return what `perform` returns.

    Errors are raised as the middleware leaves them. A time limit ends nothing here: the
    thread belongs to the caller. But `remaining()` counts.
    """
    if job.options.time_limit is not None:
        start_clock(job, job.options.time_limit.total_seconds())
    chain = get_chain()
    payload = opened(payload)
    perform = partial(job.perform, *payload.args, **payload.kwargs)
    if job.is_async:
        # In a copy of the context: async_to_sync would bring what the coroutine set back to us.
        return copy_context().run(async_to_sync(chain.aperform), job, perform)
    return chain.perform(job, perform)
