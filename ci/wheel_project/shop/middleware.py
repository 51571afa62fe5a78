"""The tenant of a job.

It travels from the code that enqueues to the code that runs.
"""

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from jobs import Discard, Job, Middleware
from jobs.options import Option
from jobs.payload import Payload

tenant: ContextVar[str | None] = ContextVar("tenant", default=None)


class TenantMiddleware(Middleware):
    """Knows the option `needs_tenant` of job classes."""

    options = {"needs_tenant": Option(lambda value: isinstance(value, bool), "True or False")}

    def context(self) -> Mapping[str, Any]:
        """Return what travels with the jobs of one call. It must be JSON."""
        return {"tenant": tenant.get()}

    def enqueue(self, payload: Payload) -> Payload | None:
        """Return the job, a changed copy, or None for a veto."""
        if payload.context["tenant"] == "trial":
            return payload.changed(queue="low")
        return payload

    def before(self, job: Job) -> None:
        """Be the tenant while the job runs. Its context ends with it."""
        tenant.set(job.context.get("tenant"))
        if job.option("needs_tenant") and tenant.get() is None:
            raise Discard("it has no tenant")

    def failed(self, job: Job, error: BaseException) -> BaseException | None:
        """Return another error to raise, or None for this one."""
        return RuntimeError(f"{error}, said {tenant.get()}")

    def after(self, job: Job) -> None:
        """Do something when the job has ended, well or not."""
        note(f"after {job.job_id}")

    def perform(self, job: Job, call_next: Callable[[], Any]) -> Any:
        """Measure the run."""
        begun = time.monotonic()
        try:
            return call_next()
        finally:
            note(f"took {job.job_id} {time.monotonic() - begun:.6f} s")


def note(line: str) -> None:
    """Add a line to a file."""
    with Path("runs.txt").open("a") as file:
        file.write(f"{line}\n")
