"""The state of everything in one value.

The overview shows it, and programs read it as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jobs.inspect.queues import Queue, named_queues, queues
from jobs.inspect.reader import get_reader
from jobs.inspect.workers import Worker, workers
from jobs.problem import Problem
from jobs.store.reader import Reader, SetName
from jobs.text import shown

#: What is counted for each queue, in the order in which a job may pass through it.
COUNTS = ("ready", "running", "scheduled", "retry", "dead", "done")


@dataclass(frozen=True, slots=True)
class Stats:
    """All queues and workers at a moment.

    `unreadable` says what could not be read of them.
    """

    queues: tuple[Queue, ...]
    workers: tuple[Worker, ...]
    unreadable: tuple[Problem, ...] = ()

    @property
    def processed(self) -> int:
        """The number of attempts that ended, well or with an error.

        Counted since the queues were first used.
        """
        return self.total("processed")

    @property
    def failed(self) -> int:
        """The number of attempts that ended with an error.

        Counted since the queues were first used.
        """
        return self.total("failed")

    @property
    def busy(self) -> int:
        """The number of jobs that the workers ran at their last heartbeats."""
        return sum(worker.busy for worker in self.workers)

    @property
    def threads(self) -> int:
        """The number of threads of all workers."""
        return sum(worker.concurrency for worker in self.workers)

    @property
    def left_queues(self) -> frozenset[str]:
        """The names of queues that were used once and that nothing needs any more.

        They are idle, no live worker serves them, and neither JOBS nor a job class names them.
        """
        served = {name for worker in self.workers for name in worker.queues}
        needed = served | named_queues()
        idle = {queue.name for queue in self.queues if queue.is_idle}
        return frozenset(idle - needed)

    def total(self, name: str) -> int:
        """Return the sum over all queues of one of their numbers, such as `ready`."""
        return sum(getattr(queue, name) for queue in self.queues)

    def set_sizes(self) -> dict[SetName, int]:
        """Return how many jobs are scheduled, wait for a retry, are dead or done."""
        names: tuple[SetName, ...] = ("scheduled", "retry", "dead", "done")
        return {name: self.total(name) for name in names}

    def as_json(self, problems: Sequence[Problem]) -> Mapping[str, Any]:
        """Return the same as dictionaries and lists, with problems that were judged.

        Times are still datetimes. Latency is in seconds.
        """
        totals = {name: self.total(name) for name in ("processed", "failed", *COUNTS)}
        told: dict[str, Any] = _printable(
            {
                **totals,
                "queues": {queue.name: _queue_as_json(queue) for queue in self.queues},
                "workers": list(map(asdict, self.workers)),
                "problems": list(map(asdict, problems)),
            }
        )
        return told


def stats(reader: Reader | None = None) -> Stats:
    """Return all queues and all workers.

    It costs eight round trips, and one more for each further priority that is ready in one queue:
    O(queues log n + workers).
    """
    reader = reader or get_reader()
    found_queues, found_workers = queues(reader), workers(reader)
    return Stats(tuple(found_queues), tuple(found_workers), reader.problems)


def _queue_as_json(queue: Queue) -> dict[str, Any]:
    counts = {name: getattr(queue, name) for name in (*COUNTS, "processed", "failed")}
    return {
        **counts,
        "latency": queue.latency_seconds,
        "paused": queue.is_paused,
        "most_running": queue.most_running,
        "size": queue.size,
        "size_limit": queue.size_limit,
    }


def _printable(value: Any) -> Any:
    """Return data in which every text may be written as JSON.

    Names may hold bytes that are not UTF-8.
    """
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {shown(key): _printable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(map(_printable, value))
    return value
