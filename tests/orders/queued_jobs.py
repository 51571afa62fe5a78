"""A middleware that keeps the shop's jobs out of Redis and in a list, for tests to look at and to run."""

from collections.abc import Iterator

from jobs import Middleware
from jobs.payload import Payload
from orders import jobs as order_jobs

Queued = tuple[str, str, int]

_queued: list[Queued] = []


class QueuedJobs(Middleware):
    """Write each job down as (queue, class, order id) and veto it."""

    def enqueue(self, payload: Payload) -> Payload | None:
        [order_id] = payload.args
        _queued.append((payload.queue, payload.job_class, order_id))
        return None

    def __iter__(self) -> Iterator[Queued]:
        return iter(_queued)

    def clear(self) -> None:
        _queued.clear()

    def drain(self) -> None:
        """Run what is queued, and what that enqueues, in order."""
        while _queued:
            _, name, order_id = _queued.pop(0)
            getattr(order_jobs, name.removeprefix("orders.")).perform_now(order_id)
