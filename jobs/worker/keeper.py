"""The keeper of a supervisor: looks after what workers have in Redis."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from jobs.conf import JobsSettings
from jobs.events import WorkerSilent, WorkerSpeaks, emit
from jobs.store import Store
from jobs.worker.child import Child, Death
from jobs.worker.deaths import Deaths
from jobs.worker.guard import Guard
from jobs.worker.lease_round import LeaseRound
from jobs.worker.link import Link
from jobs.worker.recall import Recall


class Keeper:
    """Talks to Redis for one supervisor."""

    def __init__(self, settings: JobsSettings, queues: Sequence[str], timeout: float) -> None:
        """Take the queues, and the longest wait for Redis in seconds."""
        self._guard = Guard()
        self._link = Link(settings, timeout)
        self._leases = LeaseRound(self._link, queues, settings.heartbeat, self._guard)
        self._deaths = Deaths(self._link, self._guard)
        self._recall = Recall(self._link, queues)

    @property
    def store(self) -> Store:
        """The store that is in use just now."""
        return self._link.store

    def limit_waiting(self, timeout: float) -> None:
        """Wait so many seconds for Redis at most from now on.

        Raise StoreUnavailable if a whole cluster is away.
        """
        self._link.limit_waiting(timeout)

    def close(self) -> None:
        """Close every connection, as must be done before a fork."""
        self._link.close()

    # Leases

    def renew(self, children: Iterable[Child]) -> bool:
        """Renew the leases of the children that live, and look whether anybody fell silent.

        A child that is paused is not renewed. Return False when Redis is away, in whole or in
        part.
        """
        self._deaths.try_refused_again()
        names: defaultdict[str, list[str]] = defaultdict(list)
        for child in children:
            for queue in child.queues if not child.is_paused else ():
                names[queue] += child.names
        return self._leases.go(names)

    # Children

    def has_work(self, queues: Iterable[str]) -> bool:
        """Return whether a job of these queues is ready or running anywhere.

        While Redis is away, or refuses to say, there may be one. Two round trips for each queue.
        """
        busy: list[str] = []
        verdicts = [
            self._guard(f"look at {queue}", self._look_for_work, queue, busy) for queue in queues
        ]
        return bool(busy) or any(verdict != "done" for verdict in verdicts)

    def _look_for_work(self, queue: str, busy: list[str]) -> None:
        if self.store.running.is_busy(queue):
            busy.append(queue)

    @property
    def has_deaths(self) -> bool:
        """Whether jobs of children that died have not all been taken back yet."""
        return len(self._deaths) > 0

    def add_death(self, death: Death) -> None:
        """Note that a child is dead and its jobs are to be taken back."""
        self._deaths.add(death)

    def recover_the_dead(self) -> None:
        """Take back the jobs of children that died, where Redis answers."""
        self._deaths.recover()

    def recall_from_silent(self, children: Iterable[Child]) -> None:
        """Give back what waits in children whose main thread stands still."""
        for child in children:
            if child.listen():
                emit(WorkerSilent(child.name) if child.is_silent else WorkerSpeaks(child.name))
            if child.is_silent and not child.is_paused:
                self._guard("recall", self._recall.recall, child)
