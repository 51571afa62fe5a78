"""Middleware that only has points, several in one step.

It is as if each of them wrapped the next:

before A, before B, perform, after B, after A
before A, before B, perform raises, failed B, after B, failed A, after A
before A, before B raises, failed A, after A
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from jobs.middleware.base import Middleware
from jobs.text import brief

if TYPE_CHECKING:
    from jobs.job import Job

POINTS = ("before", "failed", "after")


class Points:
    """The points of some middleware, asked only where one overrides them.

    This is on the way of every job.
    """

    def __init__(self, middleware: Sequence[Middleware]) -> None:
        """Take them with the outermost first."""
        numbered = list(enumerate(middleware))
        self._count = len(numbered)
        self._before = [(n, m.before) for n, m in numbered if overrides(m, "before")]
        self._after = [(n, m.after) for n, m in reversed(numbered) if overrides(m, "after")]
        self._numbered = numbered[::-1]

    def perform(self, job: "Job", call_next: Callable[[], Any]) -> Any:
        """Call what lies within, and the points around it."""
        within = 0  # how many of them are entered
        try:
            for number, before in self._before:
                within = number  # also when it raises
                before(job)
            within = self._count
            result = call_next()
            for number, after in self._after:
                within = number
                after(job)
        except BaseException as error:  # noqa: BLE001  # it is raised again in there
            self._fail(job, error, within)
        return result

    async def aperform(self, job: "Job", call_next: Callable[[], Awaitable[Any]]) -> Any:
        """Await what lies within, and call the points around it."""
        within = 0
        try:
            for number, before in self._before:
                within = number
                before(job)
            within = self._count
            result = await call_next()
            for number, after in self._after:
                within = number
                after(job)
        except BaseException as error:  # noqa: BLE001  # it is raised again in there
            self._fail(job, error, within)
        return result

    def _fail(self, job: "Job", error: BaseException, within: int) -> NoReturn:
        """Call the points of those that were entered, and raise what comes of it.

        They are called from the inside out.
        """
        other = None
        try:
            for number, middleware in self._numbered:
                if number < within:
                    try:
                        other = _checked(middleware, middleware.failed(job, error))
                        error = error if other is None else other
                        middleware.after(job)
                    except BaseException as raised:  # noqa: BLE001  # the next one further out is told of it
                        error = raised
            raise error
        finally:
            # Its traceback holds this frame: the two would keep alive what the job had.
            del error, other


def _checked(middleware: Middleware, other: object) -> BaseException | None:
    if other is None or isinstance(other, BaseException):
        return other
    raise TypeError(
        f"{type(middleware).__qualname__}.failed returned {brief(other)}, which is no error."
    )


def overrides(middleware: Middleware, name: str) -> bool:
    """Return whether a middleware does something at a point."""
    return getattr(type(middleware), name) is not getattr(Middleware, name)
