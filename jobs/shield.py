"""Decides when JobInterrupted or TimeLimitExceeded may strike a thread.

It may strike inside the code of a job, and never inside an exchange with Redis.

CPython raises such an exception between two instructions of the thread, wherever it is.
That may be between the sending of a command and the reading of its answer. The
connection would be given back then, and the next command on it would read the wrong
answer.

`JobThread` owns a guard, the executor runs `perform` through it, and the store shields
each of its exchanges.
"""

import ctypes
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from types import MappingProxyType, TracebackType
from typing import Any, TypeVar

from jobs.errors import STRIKES, JobInterrupted

#: A call that goes on for so long after it was struck may be struck again. Seconds.
AGAIN_AFTER = 0.5
Result = TypeVar("Result")
_NO: Mapping[str, Any] = MappingProxyType({})
_NOTHING: AbstractContextManager[None] = nullcontext()


class _Here(threading.local):
    """What belongs to one thread."""

    guard: "InterruptGuard | None" = None


_here = _Here()


class InterruptGuard:
    """Interrupts one thread inside of a call, and never outside of it."""

    def __init__(self) -> None:
        """Guard no thread yet.

        `adopt` names it.
        """
        # Reentrant: a strike may come after the lock is taken and before that is noted.
        self._lock = threading.RLock()
        self._thread: int | None = None
        self._is_open = False
        self._is_struck = False
        self._wanted: type[BaseException] | None = None
        self._number = 0
        self._struck_at = 0.0
        self._shields = 0
        self.shield = Shield(self)

    def adopt(self) -> None:
        """Guard the thread that calls this."""
        self._thread = threading.get_ident()
        _here.guard = self

    def call(
        self,
        function: Callable[..., Result],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] = _NO,
        number: int = 0,
    ) -> Result:
        """Call a function that may be interrupted.

        What would strike after its end vanishes. `number` is a name of this very call.
        """
        # All in one function: this is on the way of every job.
        try:
            self._is_struck = False
            self._wanted = None
            self._shields = 0
            self._number = number
            self._is_open = True
            return function(*args, **kwargs)
        finally:
            try:
                self._lock.acquire()
                self._is_open = False
                self._lock.release()
                if self._is_struck:
                    _let_strike()  # what is still on its way vanishes here
            except STRIKES:  # none strikes again so soon, so this gets through
                self._is_open = False
                self._let_go()

    @property
    def is_open(self) -> bool:
        """Whether a call runs that may be interrupted."""
        return self._is_open

    @property
    def number(self) -> int:
        """The name of the call that runs now, 0 for none."""
        return self._number if self._is_open else 0

    @property
    def was_struck(self) -> bool:
        """Whether the call that runs or ran last was interrupted."""
        return self._is_struck

    def interrupt(
        self,
        error: type[BaseException] = JobInterrupted,
        number: int | None = None,
        again_after: float | None = None,
    ) -> bool:
        """Raise an error in the call that runs now.

        With a number only in the call of that number. Return whether there is such a
        call. An exchange with Redis ends first. Any thread may ask, as often as it likes.
        It strikes once, and again only after so many seconds: one that strikes a finalizer
        (`__del__`) is lost. None is half a second.
        """
        with self._lock:
            is_meant = self._is_open and number in {None, self._number}
            if is_meant and not self._was_struck_within(again_after):
                self._strike(error)
            return is_meant

    def _was_struck_within(self, seconds: float | None) -> bool:
        shortest = AGAIN_AFTER if seconds is None else seconds
        return self._is_struck and time.monotonic() - self._struck_at < shortest

    def _strike(self, error: type[BaseException]) -> None:
        """Raise it now, or at the end of the exchange. The lock is held."""
        if self._shields > 0:
            self._wanted = error
            return
        self._wanted = None
        self._is_struck = True
        self._struck_at = time.monotonic()
        _raise_in(self._thread, error)

    # For the guarded thread alone

    def _cover(self) -> None:
        if not self._is_open:
            return
        try:
            with self._lock:
                self._shields += 1
            _let_strike()
        except STRIKES:
            self._let_go()
            raise

    def _uncover(self) -> None:
        if not self._is_open:
            return
        with self._lock:
            self._shields -= 1
            due = self._wanted if self._shields == 0 else None
            if due is not None:
                self._wanted = None
                self._is_struck = True
                self._struck_at = time.monotonic()
        if due is not None:
            raise due

    def _let_go(self) -> None:
        """Release the lock as often as this thread holds it."""
        with suppress(RuntimeError):
            while True:
                self._lock.release()


class Shield:
    """Holds an interruption back until the block ends.

    A thread may nest it.
    """

    def __init__(self, guard: InterruptGuard) -> None:
        """Shield the thread of this guard."""
        self._guard = guard

    def __enter__(self) -> None:
        """Begin to hold back.

        What was asked for before strikes here.
        """
        self._guard._cover()  # noqa: SLF001  # the two are one machine

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Raise what was asked for meanwhile."""
        self._guard._uncover()  # noqa: SLF001


def shielded() -> AbstractContextManager[None]:
    """Return what holds an interruption of this thread back.

    It does nothing outside of the threads of a worker.
    """
    guard = _here.guard
    return guard.shield if guard else _NOTHING


def may_be_struck() -> bool:
    """Return whether an interruption may strike this thread just now."""
    guard = _here.guard
    return guard is not None and guard.is_open


def was_struck() -> bool:
    """Return whether the call that ran last in this thread was interrupted."""
    guard = _here.guard
    return guard is not None and guard.was_struck


def guard_here() -> InterruptGuard | None:
    """Return the guard of this thread, if it has one."""
    return _here.guard


def call_open(
    function: Callable[..., Result],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] = _NO,
    number: int = 0,
) -> Result:
    """Call a function that may be interrupted, if this thread has a guard."""
    guard = _here.guard
    return guard.call(function, args, kwargs, number) if guard else function(*args, **kwargs)


def _let_strike() -> None:
    """Do nothing, and let a waiting interruption strike.

    The interpreter looks for exceptions to raise at each call of a Python function.
    """


def _raise_in(thread: int | None, error: type[BaseException]) -> None:
    """Have a thread raise an exception at its next instruction.

    What was asked for is never taken back. CPython 3.11 would go on to look for it at
    each instruction, and under a tracer it would do nothing else any more.
    `_let_strike` is the way to be rid of it.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread or 0), ctypes.py_object(error))


def _forget_guard() -> None:
    """Leave the forked child of a job without a guard.

    Another thread of the parent may have held the guard's lock.
    """
    _here.__dict__.clear()


os.register_at_fork(after_in_child=_forget_guard)
