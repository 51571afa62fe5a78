"""Expiry: a job that comes too late is dropped instead of run.

Nobody wants last week's reminder.
"""

import time
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from jobs.errors import Expired
from jobs.middleware.base import Middleware
from jobs.options import A_DURATION, Option, is_duration

if TYPE_CHECKING:
    from jobs.job import Job


class ExpiryMiddleware(Middleware):
    """Understands `expires_in`, a timedelta from the moment the job may first run.

    Retries are included.
    """

    options: ClassVar = MappingProxyType({"expires_in": Option(is_duration, A_DURATION)})

    def before(self, job: "Job") -> None:
        """Raise Expired if it is too late."""
        if job.options.others:  # the way of most jobs ends here
            _check(job)


def _check(job: "Job") -> None:
    expires_in: timedelta | None = job.option("expires_in")
    if expires_in is None:
        return
    late = time.time() - job.available_at - expires_in.total_seconds()
    if late > 0:
        raise Expired(f"{late:.0f} s after it expired")
