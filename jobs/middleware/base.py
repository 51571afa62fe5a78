"""The base class of middleware. A subclass overrides what it needs and is named in `JOBS["MIDDLEWARE"]`."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from jobs.options import Option
from jobs.payload import Payload

if TYPE_CHECKING:
    from jobs.job import Job


class Middleware:
    """Does nothing at every point. One instance serves a whole process: keep no state of a job on it.

    `options` declares the options of job classes that it understands; they are found in `job.option(name)`.
    """

    options: ClassVar[Mapping[str, Option]] = MappingProxyType({})

    def context(self) -> Mapping[str, Any]:
        """Return what of the caller's context is to travel, as JSON; asked once by each enqueue and enqueue_many."""
        return {}

    def enqueue(self, payload: Payload) -> Payload | None:
        """Return the payload to enqueue, changed or not, or None so that the job is not enqueued."""
        return payload

    def perform(self, job: "Job", call_next: Callable[[], Any]) -> Any:
        """Run a job: call `call_next` once and return what it returned."""
        return call_next()

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Run a job whose `perform` is a coroutine: await `call_next()` once and return what it returned."""
        return await call_next()
