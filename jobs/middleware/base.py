"""The base class of middleware.

A subclass overrides what it needs, and is named in `JOBS["MIDDLEWARE"]`.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from jobs.options import Option
from jobs.payload import Payload

if TYPE_CHECKING:
    from jobs.job import Job


class Middleware:
    """Does nothing at every point.

    One instance serves a whole process: keep no state of a job on it. `options` declares the
    options of job classes that it understands. They are found in `job.option(name)`.
    """

    options: ClassVar[Mapping[str, Option]] = MappingProxyType({})

    def context(self) -> Mapping[str, Any]:
        """Return what of the caller's context is to travel, as JSON.

        Each `enqueue` and each `enqueue_many` asks once.
        """
        return {}

    def enqueue(self, payload: Payload) -> Payload | None:
        """Return the payload to enqueue, changed or not.

        Return None to keep the job from being enqueued.
        """
        return payload

    def before(self, job: "Job") -> None:
        """Do something before a job runs.

        What it raises is how the job ends. The three points are called for coroutines too, in the
        event loop: they must not block.
        """

    def failed(self, job: "Job", error: BaseException) -> BaseException | None:
        """Return another error to be raised in place of this one, or None.

        It is called before `after`.
        """
        return None

    def after(self, job: "Job") -> None:
        """Do something when a job has ended, be it by an error.

        It is called only where `before` went well.
        """

    def perform(self, job: "Job", call_next: Callable[[], Any]) -> Any:
        """Run a job, where the points are not enough.

        Call `call_next` once, and return what it returned.
        """
        return call_next()

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Run a job whose `perform` is a coroutine.

        Await `call_next()` once, and return what it returned.
        """
        return await call_next()
