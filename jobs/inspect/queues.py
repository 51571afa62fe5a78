"""The queues: how many jobs each holds, and how long the oldest has waited."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.conf import get_settings
from jobs.inspect.reader import get_reader
from jobs.registry import registry
from jobs.store.reader import QueueCounts, Reader, SetName
from jobs.store.set_reader import SetReader

#: Most queues whose jobs are counted for the tabs of a page.
MOST_COUNTED = 50


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue at a moment.

    `latency_seconds` is how long its oldest job has waited. Jobs wait when they are ready, and
    when they are due and no worker has made them ready yet. It is 0 when none waits.
    `most_running` is how many jobs may run at a time, None for any number. `size_limit` is how
    many that have not ended it may hold, by QUEUE_LIMITS of this process, None for any number.
    """

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
    most_running: int | None = None
    size_limit: int | None = None

    @property
    def size(self) -> int:
        """How many jobs it holds that have not ended.

        They are all but the dead and the done.
        """
        return self.ready + self.running + self.scheduled + self.retry

    @property
    def has_no_room(self) -> bool:
        """Whether it holds all it may, so that an enqueue is refused."""
        return self.size_limit is not None and self.size >= self.size_limit

    @property
    def runs_all_it_may(self) -> bool:
        """Whether it runs as many jobs at a time as it may."""
        return self.most_running is not None and self.running >= self.most_running

    @property
    def is_idle(self) -> bool:
        """Whether it holds no job in any set, and is neither paused nor limited."""
        held = self.size + self.dead + self.done
        return not held and not self.is_paused and self.most_running is None


def queue_names(reader: Reader | None = None) -> list[str]:
    """Return the queues of the settings in their order, then all others ever used.

    Those that the reader may not see are left out. It costs one round trip, O(queues).
    """
    reader = reader or get_reader()
    configured = get_settings().served_queues
    others = reader.queue_names().difference(configured)
    return list(filter(reader.sight.sees_queue, [*configured, *sorted(others)]))


def sees_every_queue(reader: Reader) -> bool:
    """Return whether a reader sees every queue.

    These are those of the settings, and all that were ever used. Where none was, or nobody can read
    which, it does not. One round trip.
    """
    used = reader.queue_names()
    return bool(used) and all(map(reader.sight.sees_queue, {*get_settings().served_queues, *used}))


def chosen_queues(queue: str, reader: Reader) -> list[str]:
    """Return this queue, or all if the name is empty.

    Those that the reader may not see are left out.
    """
    if queue:
        return [queue] if reader.sight.sees_queue(queue) else []
    return queue_names(reader)


def known_queues(reader: Reader | None = None) -> list[str]:
    """Return every queue that anything names and the reader may see.

    These are the queues of the settings, all others ever used, and those of the job classes. It
    costs one round trip, O(queues).
    """
    reader = reader or get_reader()
    used = queue_names(reader)
    others = sorted(registry.queues().difference(used))
    return [*used, *filter(reader.sight.sees_queue, others)]


def set_sizes(reader: Reader, names: Sequence[str]) -> dict[SetName, int]:
    """Return how many jobs the sets of some queues have.

    These are scheduled, retry, dead and done. It costs one round trip, O(queues). Of more than 50
    queues nothing is told.
    """
    if len(names) > MOST_COUNTED:
        return {}
    return SetReader(reader).totals(names, ("scheduled", "retry", "dead", "done"))


def named_queues() -> set[str]:
    """Return the queues that the settings or the job classes name."""
    return {*get_settings().served_queues, *registry.queues()}


def queues(reader: Reader | None = None, names: Sequence[str] | None = None) -> list[Queue]:
    """Return every queue with its numbers, or those of some names.

    It costs five round trips, and one more for each further priority that is ready in one queue:
    O(queues log n).
    """
    reader = reader or get_reader()
    names = queue_names(reader) if names is None else names
    counts = reader.counts(names)
    ready_since = reader.ready_since([name for name in names if counts[name].ready])
    now = reader.now()
    found = []
    for name in names:
        since = min(ready_since.get(name, now), _due_since(counts[name], now))
        found.append(_queue(name, counts[name], max(0.0, now - since)))
    return found


def _due_since(counts: QueueCounts, now: float) -> float:
    """Return since when a scheduled job or retry has been due.

    Where none is due, that is now.
    """
    return now if counts.due_at is None else max(0.0, min(counts.due_at, now))


def _queue(name: str, counts: QueueCounts, latency: float) -> Queue:
    return Queue(
        name=name,
        ready=counts.ready,
        running=counts.running,
        scheduled=counts.scheduled,
        retry=counts.retry,
        dead=counts.dead,
        done=counts.done,
        processed=counts.processed,
        failed=counts.failed,
        is_paused=counts.is_paused,
        latency_seconds=latency,
        most_running=counts.most_running,
        size_limit=get_settings().queue_limits.get(name),
    )
