"""The base class of the shop's jobs.

`jobs`, `naive` and whoever adds a job to the shop build on it.
"""

from typing import ClassVar

from jobs import Job
from orders.services.http import ServerError, ServiceUnavailable, Throttled


class ShopJob(Job):
    """A job that talks to services.

    What heals there by itself wakes nobody until the last retry has failed. A wrong request
    (`ClientError`) is not among it: it stays wrong, and a person hears of it at once.
    """

    transient_errors: ClassVar[tuple[type[Exception], ...]] = (
        ServiceUnavailable,
        Throttled,
        ServerError,
    )
