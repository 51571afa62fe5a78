"""The past: how many attempts ended on each day, over all queues."""

from dataclasses import dataclass
from datetime import date, timedelta

from jobs.inspect.queues import queue_names
from jobs.inspect.reader import get_reader
from jobs.moment import moment
from jobs.store.reader import Reader

#: The longest look back, in days.
MOST_DAYS = 180
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Day:
    """One day from midnight UTC.

    `processed` counts all attempts that ended, `failed` those that ended with an error.
    """

    date: date
    processed: int
    failed: int


def history(days: int, reader: Reader | None = None) -> list[Day]:
    """Return the last 1 to 180 days, the oldest first.

    The last of them is today. It costs three round trips, O(queues x days).
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"The history goes back 1 to {MOST_DAYS} days, not {days}.")
    reader = reader or get_reader()
    today = (moment(reader.now()).date() - _EPOCH).days
    numbers = range(today - days + 1, today + 1)
    counts = reader.daily_counts(queue_names(reader), numbers)
    return [Day(_EPOCH + timedelta(days=number), *counts[number]) for number in numbers]
