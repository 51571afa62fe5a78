"""Enqueues jobs in processes that are killed at each line of a push.

Run as a program it prints how many lines there are between a commit and the end of its push. The
argument of each job is the line at which its process died, and that of the last, which lived, is
their number.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import django
from django.db import connection, connections, transaction

from jobs.client import get_client

#: Whose lines count. What lies between them is Django's and Redis' own.
LIBRARY = str(Path(__file__).resolve().parents[2] / "jobs")


class Executioner:
    """Kills this process at one line of the library after a commit."""

    def __init__(self, line: int) -> None:
        self._left = line
        self._is_committed = False

    def watch(self) -> None:
        commit = connection.commit

        def commit_and_count() -> None:
            commit()
            self._is_committed = True

        connection.commit = commit_and_count  # type: ignore[method-assign]
        sys.settrace(self._enter)

    def _enter(self, frame: FrameType, event: str, argument: object) -> Any:
        is_ours = self._is_committed and frame.f_code.co_filename.startswith(LIBRARY)
        return self._step if is_ours else None

    def _step(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1
        return self._step


def enqueue(line: int) -> None:
    from tests.acceptance.jobs import NoteJob  # noqa: PLC0415  # Django is set up first

    connection.ensure_connection()
    Executioner(line).watch()
    with transaction.atomic():
        NoteJob.enqueue(line)
    sys.settrace(None)


def main() -> int:
    """Fork a process for each line, until one lives."""
    django.setup()
    # As in a process that has pushed before: what it reads only once is no part of a push.
    get_client().store.close()
    connections.close_all()
    line = 0
    while True:
        pid = os.fork()
        if pid == 0:
            enqueue(line)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            print(line)  # noqa: T201  # who started it reads it
            return os.waitstatus_to_exitcode(status)
        line += 1


if __name__ == "__main__":
    sys.exit(main())
