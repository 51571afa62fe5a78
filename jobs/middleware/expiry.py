"""Expiry: a job that comes too late is dropped instead of run; nobody wants last week's reminder."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from jobs.errors import Expired
from jobs.middleware.base import Middleware
from jobs.options import Option, is_duration

if TYPE_CHECKING:
    from jobs.job import Job


class ExpiryMiddleware(Middleware):
    """Understands `expires_in`: a timedelta from the moment the job may first run, retries included."""

    options: ClassVar = MappingProxyType({"expires_in": Option(is_duration, "a positive timedelta")})

    def perform(self, job: "Job", call_next: Callable[[], Any]) -> Any:
        """Run the job unless it is too late."""
        _check(job)
        return call_next()

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Run the job unless it is too late."""
        _check(job)
        return await call_next()


def _check(job: "Job") -> None:
    expires_in: timedelta | None = job.option("expires_in")
    if expires_in is not None and (late := time.time() - job.available_at - expires_in.total_seconds()) > 0:
        raise Expired(f"{late:.0f} s after it expired")
