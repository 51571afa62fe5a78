"""Times, as numbers and as datetimes.

Redis and payloads keep epoch seconds, and people read datetimes. What comes from Redis may be any
number at all, so nothing here ever raises.
"""

import math
import time
from datetime import UTC, datetime

#: The bounds leave two days at both ends, so that every time zone can be applied to them.
EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
LATEST = datetime(9999, 12, 29, tzinfo=UTC)
_LOWEST, _HIGHEST = EARLIEST.timestamp(), LATEST.timestamp()


def now() -> float:
    """Return the epoch seconds, cut to milliseconds.

    A payload keeps them, and four digits less put it into a smaller block of Redis' memory.
    """
    return time.time_ns() // 1_000_000 / 1000


def moment(epoch_seconds: float) -> datetime:
    """Return the time at these epoch seconds, in UTC.

    A time before EARLIEST becomes EARLIEST, one after LATEST becomes LATEST, and NaN becomes 1970.
    """
    if epoch_seconds != epoch_seconds:  # noqa: PLR0124  # NaN, and `isnan` fails for large integers
        return datetime.fromtimestamp(0, UTC)
    return datetime.fromtimestamp(min(max(epoch_seconds, _LOWEST), _HIGHEST), UTC)


def seconds_of(value: object) -> float | None:
    """Return the epoch seconds in a number or a text.

    Return None where it is no time between the bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and _LOWEST <= seconds <= _HIGHEST else None
