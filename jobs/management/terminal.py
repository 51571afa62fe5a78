"""Text for a terminal: tables, durations and counts, as the `jobs` command prints them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from jobs import inspect

#: Units of a duration in seconds, the largest first.
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return aligned lines of at least one row: numbers to the right, everything else to the left."""
    titles = [header[0].upper() + header[1:] for header in headers]
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    columns = list(zip(titles, *cells, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    are_numbers = [isinstance(cell, int) for cell in rows[0]]

    def align(line: Sequence[str]) -> str:
        padded = (c.rjust(w) if n else c.ljust(w) for c, w, n in zip(line, widths, are_numbers, strict=True))
        return "  ".join(padded).rstrip()

    return [align(titles), *(align(line) for line in cells)]


def worker_row(worker: inspect.Worker) -> list[object]:
    """Return the cells of one worker."""
    return [
        worker.name,
        worker.host,
        str(worker.pid),  # a name made of digits, not an amount
        ", ".join(worker.queues),
        f"{worker.busy} of {worker.concurrency}",
        filesizeformat(worker.peak_memory_bytes).replace("\xa0", " "),
        age(worker.started_at),
        f"{age(worker.beat_at)} ago",
        "quiet" if worker.is_quiet else "running",
    ]


def latency(queue: inspect.Queue) -> str:
    """Return the latency of a queue as text, and whether the queue is paused."""
    return duration(queue.latency_seconds) + (", paused" if queue.is_paused else "")


def age(moment: datetime) -> str:
    """Return how long ago a moment was, as text."""
    return duration(max(0.0, (timezone.now() - moment).total_seconds()))


def duration(seconds: float) -> str:
    """Return a duration in whole units, rounded down; below ten seconds with tenths."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return next(f"{seconds // size:.0f} {unit}" for size, unit in UNITS if seconds >= size)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def to_json(value: Any) -> str:
    """Return indented JSON; times in ISO format."""
    return json.dumps(value, cls=DjangoJSONEncoder, indent=2)
