"""The stacks of a worker process, in memory that its supervisor shares.

A worker whose main thread goes round writes them itself at its end. A job that hangs in C code may
hold the GIL, so that no Python code of its process runs. Then the supervisor sends a signal, and
the handler of `faulthandler`, which is C code, writes them. It must not be asked where Python code
runs: it reads without the GIL what that may just be throwing away, and ends the process.
"""

import faulthandler
import os
import re
import signal
import tempfile
from contextlib import suppress

#: The signal that asks a worker for its stacks. Few programs use real-time signals.
ASKS_FOR_STACKS: int = getattr(signal, "SIGRTMIN", signal.SIGUSR1)
#: Most bytes that are read. A thread of a hundred frames takes about ten thousand.
MOST_BYTES = 1_000_000
_OF_THREAD = re.compile(
    r"^(?:Current t|T)hread 0x([0-9a-f]+)[^\n]*\n((?:  [^\n]*\n)*)", re.MULTILINE
)


class Stacks:
    """A file in memory that a worker process shares with its supervisor."""

    def __init__(self) -> None:
        """Make the file, before the fork."""
        self._file = _memory_file()

    def listen(self) -> None:
        """Write the stacks into the file whenever the signal comes.

        The worker calls it.
        """
        faulthandler.register(ASKS_FOR_STACKS, self._file, all_threads=True, chain=False)

    def write(self) -> None:
        """Write the stacks now, with the GIL.

        The worker calls it.
        """
        self._clear()
        faulthandler.dump_traceback(self._file, all_threads=True)

    def leave(self) -> None:
        """Let a forked child have no part in it."""
        faulthandler.unregister(ASKS_FOR_STACKS)
        os.close(self._file)

    # For the supervisor

    def ask(self, pid: int) -> None:
        """Have the worker write its stacks.

        They stand in place of those that it has written before.
        """
        self._clear()
        with suppress(ProcessLookupError):
            os.kill(pid, ASKS_FOR_STACKS)

    def of(self, thread: int) -> str:
        """Return what one thread was doing, the last call first.

        Empty where nobody knows.
        """
        written = os.pread(self._file, MOST_BYTES, 0).decode("utf-8", "backslashreplace")
        for found in _OF_THREAD.finditer(written):
            if int(found[1], 16) == thread:
                return found[2]
        return ""

    def close(self) -> None:
        """Give the memory back."""
        os.close(self._file)

    # For both

    def _clear(self) -> None:
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)  # both processes share the position


def _memory_file() -> int:
    """Return the descriptor of a file without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("jobs-stacks")
    with tempfile.TemporaryFile() as file:  # on systems other than Linux
        return os.dup(file.fileno())
