"""Which job classes a reader may show.

Metrics are kept by class and not by queue, so the queue on the class decides. A class that this
process does not know is for those who see every queue.
"""

from collections.abc import Sequence

from jobs.errors import UnknownJob
from jobs.inspect.queues import sees_every_queue
from jobs.registry import registry
from jobs.store.reader import Reader


def sees_class(name: str, reader: Reader) -> bool:
    """Return whether a reader may show what is measured of a job class."""
    return bool(seen_classes([name], reader))


def seen_classes(names: Sequence[str], reader: Reader) -> list[str]:
    """Return those of these job classes that a reader may show.

    Where a class is unknown and the reader has no sight of all queues, it costs one round trip.
    """
    sight = reader.sight
    if sight.sees_all_queues:
        return list(names)
    queues = {name: _queue_of(name) for name in names}
    sees_unknown = None in queues.values() and sees_every_queue(reader)
    return [
        name
        for name, queue in queues.items()
        if (sees_unknown if queue is None else sight.sees_queue(queue))
    ]


def _queue_of(name: str) -> str | None:
    """Return the queue on a class, None where nobody knows the class."""
    try:
        return registry.find(name).options.queue
    except UnknownJob:
        return None
