"""The state of everything in one value: for the overview, and as JSON for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jobs.inspect.queues import Queue, queues
from jobs.inspect.reader import get_reader
from jobs.inspect.workers import Worker, workers
from jobs.store.reader import Reader

#: What is counted for each queue, in the order in which a job may pass through it.
COUNTS = ("ready", "running", "scheduled", "retry", "dead", "done")


@dataclass(frozen=True, slots=True)
class Stats:
    """All queues and workers at a moment."""

    queues: tuple[Queue, ...]
    workers: tuple[Worker, ...]

    @property
    def processed(self) -> int:
        """Return the number of attempts that ended, well or with an error, since the queues were first used."""
        return self.total("processed")

    @property
    def failed(self) -> int:
        """Return the number of attempts that ended with an error, since the queues were first used."""
        return self.total("failed")

    def total(self, name: str) -> int:
        """Return the sum over all queues of one of their numbers, such as `ready`."""
        return sum(getattr(queue, name) for queue in self.queues)

    def as_json(self) -> Mapping[str, Any]:
        """Return the same as dictionaries and lists; times are datetimes still, latency is in seconds."""
        return {
            "processed": self.processed,
            "failed": self.failed,
            **{name: self.total(name) for name in COUNTS},
            "queues": {queue.name: _queue_as_json(queue) for queue in self.queues},
            "workers": [asdict(worker) for worker in self.workers],
        }


def stats(reader: Reader | None = None) -> Stats:
    """Return all queues and all workers.

    Eight round trips, and one more for each further priority that is ready in one queue; O(queues log n + workers).
    """
    reader = reader or get_reader()
    return Stats(tuple(queues(reader)), tuple(workers(reader)))


def _queue_as_json(queue: Queue) -> dict[str, Any]:
    counts = {name: getattr(queue, name) for name in (*COUNTS, "processed", "failed")}
    return {**counts, "latency": queue.latency_seconds, "paused": queue.is_paused}
