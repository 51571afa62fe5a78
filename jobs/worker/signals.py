"""Signals as bytes in a pipe, which a `select` loop reads in order.

So no handler runs at a bad moment. A process that is forked while signals are caught answers them
as any Python process does.
"""

import os
import select
import signal
import threading
import time
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self


class SignalPipe:
    """Catches some signals while it is open.

    Only the main thread may open it.
    """

    def __init__(self, *signals: signal.Signals) -> None:
        """Take the signals to catch."""
        self._signals = signals
        self._read = self._write = -1
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Begin to catch."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._before_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        _open_pipes.append(self)
        _first_came.clear()
        for number in self._signals:
            self._before[number] = signal.signal(number, _note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Leave everything as it was."""
        if self not in _open_pipes:
            return  # this is a forked child, which has no part in it any more
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # it came from signal.signal
        signal.set_wakeup_fd(self._before_fd)
        _open_pipes.remove(self)
        self.close()

    @property
    def ignored_before(self) -> set[signal.Signals]:
        """The signals that nobody answered before the pipe was opened."""
        return {number for number, handler in self._before.items() if handler is signal.SIG_IGN}

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when a signal has come."""
        return self._read

    def read(self) -> list[int]:
        """Return the numbers of the signals that came since the last call, in order."""
        try:
            return list(os.read(self._read, 1024))
        except BlockingIOError:
            return []

    @property
    def is_waiting(self) -> bool:
        """Whether a signal has come that was not read yet."""
        return bool(select.select([self._read], [], [], 0)[0])

    def first_came(self, number: int) -> float:
        """Return when a signal came for the first time, by the monotonic clock.

        That is now if it did not come.
        """
        return _first_came.get(number, time.monotonic())

    def close(self) -> None:
        """Close both ends."""
        os.close(self._read)
        os.close(self._write)


_open_pipes: list[SignalPipe] = []
_first_came: dict[int, float] = {}


def turn_deaf(*signals: signal.Signals) -> None:
    """Let signals to this process do nothing, by a handler that answers none.

    SIG_IGN would not do: subprocesses inherit it through `exec`, and then ignore a Ctrl-C too.
    """
    for number in signals:
        is_ignored = signal.getsignal(number) is signal.SIG_IGN
        if not is_ignored:  # else whoever started us, `nohup` for one, wants it so
            signal.signal(number, _note)


def _note(number: int, frame: FrameType | None) -> None:
    """Note the time only: the number is in the pipe."""
    _first_came.setdefault(number, time.monotonic())


def _silenced() -> set[signal.Signals]:
    return {number for number in signal.valid_signals() if signal.getsignal(number) is _note}


def _hold_signals() -> None:
    """Before a fork, let signals to the child wait for its handlers."""
    if silenced := _silenced():
        _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, silenced)


def _let_signals_through() -> None:
    mask, _forking.mask = getattr(_forking, "mask", None), None
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


_forking = threading.local()


def _answer_as_any_process() -> None:
    """Give a forked child the handlers that Python starts with.

    The pipe of its parent is taken from it.
    """
    if _open_pipes:
        signal.set_wakeup_fd(-1)
    ignored: set[signal.Signals] = set()
    while _open_pipes:
        pipe = _open_pipes.pop()
        ignored |= pipe.ignored_before
        with suppress(OSError):
            pipe.close()
    for number in _silenced():
        signal.signal(number, signal.SIG_IGN if number in ignored else _default_of(number))
    _let_signals_through()


def _default_of(number: signal.Signals) -> Any:
    """Return the handler with which Python starts."""
    if number == signal.SIGINT:
        return signal.default_int_handler
    return signal.SIG_DFL


os.register_at_fork(
    before=_hold_signals,
    after_in_parent=_let_signals_through,
    after_in_child=_answer_as_any_process,
)
