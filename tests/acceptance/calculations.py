"""What the processes started by jobs do.

It imports no Django, as these processes have set up none.
"""

import signal


def double(number: int) -> int:
    """Return twice the number."""
    return number * 2


def wait_for_ever() -> None:
    """Wait for a signal that ends the process."""
    while True:
        signal.pause()
