"""Forks in a test: the child does one thing and is gone."""

import os
import signal
from collections.abc import Callable

from tests.waiting import wait_until


def forked(act: Callable[[], object]) -> int:
    """Return the pid of a child that does this.

    The child exits with 99 if it raises.
    """
    child = os.fork()
    if child == 0:
        code = 99
        try:
            act()
            code = 0
        finally:
            os._exit(code)
    return child


def exit_code(child: int) -> int:
    """Return how a child ended: its exit code, or minus the signal."""
    seen = [(0, 0)]

    def has_ended() -> bool:
        seen.append(os.waitpid(child, os.WNOHANG))
        return seen[-1][0] == child

    try:
        wait_until(has_ended)
    except AssertionError:
        os.kill(child, signal.SIGKILL)
        raise
    return os.waitstatus_to_exitcode(seen[-1][1])
