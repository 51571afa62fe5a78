"""What a worker process does for itself once its supervisor is gone.

It keeps its leases until it has ended. It learns of the death by a pipe whose other end only the
supervisor holds.
"""

from collections.abc import Callable, Sequence

from jobs.conf import JobsSettings
from jobs.store import Leases, Store, Terms
from jobs.worker.board import Board
from jobs.worker.names import worker_names
from jobs.worker.recovery import Recovery, WorkerEnd


class Orphan:
    """Does the work of a supervisor for one worker, once that is an orphan."""

    def __init__(
        self, store: Store, settings: JobsSettings, queues: Sequence[str], name: str, board: Board
    ) -> None:
        """Take what it would need.

        The supervisor still lives.
        """
        self._store = store
        self._settings = settings
        self._queues = queues
        self._name = name
        self._board = board
        self.is_orphan = False

    def renew(self) -> None:
        """Renew our own leases, which the supervisor does while it lives."""
        if self.is_orphan:
            leases = Leases(self._store, Terms.of(self._settings))
            self._each_queue(leases.renew)

    def recover(self) -> None:
        """Give back the jobs that still run.

        The process ends at once after that.
        """
        if self.is_orphan:
            reason = "the worker was stopped"
            overdue = dict.fromkeys(self._board.overdue(), "")
            end = WorkerEnd(reason, False, self._board.running(), overdue=overdue)
            recovery = Recovery(self._store, self._settings)
            self._each_queue(
                lambda queue, names: [recovery.recover(queue, name, end) for name in names]
            )

    def _each_queue(self, do: Callable[[str, list[str]], object]) -> None:
        names = worker_names(self._name, self._board.generation)
        for queue in self._queues:
            do(queue, names)
