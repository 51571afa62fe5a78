"""Waiting for conditions, never for time."""

import time
from collections.abc import Callable


def wait_until(
    condition: Callable[[], object],
    timeout: float = 15.0,
    message: str = "the condition never held",
) -> None:
    """Return as soon as the condition holds.

    Fail after `timeout` seconds. The patience is for a busy machine, where a process
    takes six seconds to start. Give less only where the rule itself says how soon.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() >= deadline:
            raise AssertionError(f"{message} (waited {timeout} s)")
        time.sleep(0.005)
