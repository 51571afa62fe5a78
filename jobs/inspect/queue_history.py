"""The recent past of one queue.

It is its runs, and how long its jobs had waited.
"""

from dataclasses import dataclass

from jobs.inspect.metrics import WINDOWS, Deploy, Slot, deploys, slots_of
from jobs.inspect.reader import get_reader
from jobs.store.metrics import WAITS, MetricReader
from jobs.store.reader import Reader


@dataclass(frozen=True, slots=True)
class QueueHistory:
    """One queue over a window.

    `waits` are the first runs of jobs, by how long these had waited for them. How many jobs waited
    is not kept.
    """

    runs: tuple[Slot, ...]
    waits: tuple[Slot, ...]
    step_seconds: int
    deploys: tuple[Deploy, ...]


def queue_history(queue: str, window: str = "1h", reader: Reader | None = None) -> QueueHistory:
    """Return one queue over a window of WINDOWS. It costs four round trips, O(slots)."""
    reader = reader or get_reader()
    resolution, count = WINDOWS[window].drawn
    now = reader.now()
    names = [f"queue:{queue}", f"{WAITS}{queue}"]
    found = MetricReader(reader).read(names, resolution, now, count)
    runs, waits = (slots_of(found[name], resolution, now) for name in names)
    return QueueHistory(runs, waits, resolution.seconds, deploys(window, reader))
