"""The queues: how many jobs stand where, and how long the oldest has been waiting."""

from dataclasses import dataclass

from jobs.conf import get_settings
from jobs.inspect.reader import get_reader
from jobs.store.reader import QueueCounts, Reader


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue at a moment. `latency_seconds`: the age of the oldest ready job, 0 when none is ready."""

    name: str
    ready: int
    running: int
    scheduled: int
    retry: int
    dead: int
    done: int
    processed: int
    failed: int
    is_paused: bool
    latency_seconds: float


def queue_names(reader: Reader | None = None) -> list[str]:
    """Return the queues of the settings in their order, then all others ever used. One round trip, O(queues)."""
    configured = [text.partition(",")[0] for text in get_settings().queues]
    others = (reader or get_reader()).queue_names().difference(configured)
    return [*configured, *sorted(others)]


def queues(reader: Reader | None = None) -> list[Queue]:
    """Return every queue with its numbers.

    Five round trips, and one more for each further priority that is ready in one queue; O(queues log n).
    """
    reader = reader or get_reader()
    names = queue_names(reader)
    counts = reader.counts(names)
    since = reader.ready_since(names)
    now = reader.now() if since else 0.0
    return [_queue(name, counts[name], max(0.0, now - since.get(name, now))) for name in names]


def _queue(name: str, c: QueueCounts, latency: float) -> Queue:
    return Queue(
        name,
        c.ready,
        c.running,
        c.scheduled,
        c.retry,
        c.dead,
        c.done,
        c.processed,
        c.failed,
        is_paused=c.is_paused,
        latency_seconds=latency,
    )
