"""A clock for leases: it goes on while the machine sleeps.

The leases in Redis do the same.
"""

import time

#: The clock of the operating system that `uptime` reads.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    """Return the seconds since the machine started.

    They include the time in which it slept, where the system counts that.
    """
    return time.clock_gettime(CLOCK)
