"""The guard of chores: what fails is logged once and tried again.

Most chores only serve people's eyes, whatever Redis answers.
"""

from collections.abc import Callable
from typing import Any, Literal

from jobs.errors import StoreUnavailable
from jobs.events import ChoreFailed, emit
from jobs.worker import forks

#: What came of a call: it was done, Redis is away, or something else was wrong.
Verdict = Literal["done", "away", "failed"]


class Guard:
    """Calls what may fail, and logs a failure once until the same thing succeeds."""

    def __init__(
        self, note_outage: Callable[[], None] = lambda: None, worker: str | None = None
    ) -> None:
        """Take whom to tell of an absent Redis, and the worker's name."""
        self._note_outage = note_outage
        self._worker = worker
        self._failing: set[str] = set()

    def __call__(self, name: str, do: Callable[..., object], *args: Any) -> Verdict:
        """Call it, and return what came of it.

        An absent Redis is not logged: who fetches reports it. `sys.exit()` is a failure like any
        other: it would end the thread, and nobody would be told why.
        """
        try:
            _call(do, *args)
        except StoreUnavailable:
            self._note_outage()
            return "away"
        except BaseException as error:  # noqa: BLE001  # see the head of this module
            if name not in self._failing:
                self._failing.add(name)
                emit(ChoreFailed(worker=self._worker, chore=name, error=error, raised=error))
            return "failed"
        self._failing.discard(name)
        return "done"


def _call(do: Callable[..., object], *args: Any) -> None:
    """Call it, and end a process that it forked and that came back.

    Such a copy would do the chores of the worker, or of the supervisor, for ever.
    """
    generation = forks.generation
    try:
        do(*args)
    except BaseException as error:
        if forks.generation != generation:
            forks.end_copy(error)
        raise
    if forks.generation != generation:
        forks.end_copy()
