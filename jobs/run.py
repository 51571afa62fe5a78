"""Runs one payload here and now, through the middleware, as a worker would. Used by `perform_now` and by test tools."""

from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync

from jobs.enqueue import options_of
from jobs.middleware.chain import get_chain
from jobs.registry import registry

if TYPE_CHECKING:
    from jobs.payload import Payload


def run_payload(payload: "Payload") -> Any:
    """Run a job and return what `perform` returns; errors are raised. Raise UnknownJob for a class nobody has."""
    job_class = registry.find(payload.job_class)
    job = job_class(payload)
    job.options = options_of(job_class, payload)
    chain = get_chain()
    perform = partial(job.perform, *payload.args, **payload.kwargs)
    if job.is_async:
        # In a copy of the context, since async_to_sync brings what the coroutine set back to its caller.
        return copy_context().run(async_to_sync(chain.aperform), job, perform)
    return chain.perform(job, perform)
