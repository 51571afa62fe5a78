"""Signals as bytes in a pipe, so that a `select` loop reads them in order and no handler runs at a bad moment."""

import os
import signal
from types import FrameType, TracebackType
from typing import Self


class SignalPipe:
    """Catches some signals while it is open. Only the main thread may open it."""

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
        for number in self._signals:
            self._before[number] = signal.signal(number, _note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Leave everything as it was."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # it came from signal.signal
        signal.set_wakeup_fd(self._before_fd)
        os.close(self._read)
        os.close(self._write)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when a signal has come."""
        return self._read

    def read(self) -> list[int]:
        """Return the numbers of the signals that came since the last call, in order."""
        try:
            return list(os.read(self._read, 1024))
        except BlockingIOError:
            return []


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: the number is in the pipe."""
