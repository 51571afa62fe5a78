"""A worker in a thread of another process, such as a web server's.

It is a worker process without the process: no signal, no fork and no supervisor. So it renews its
own leases, watches those of others, and fires schedules, as a supervisor does. `embed.py` starts
it.
"""

import os
import threading
import time
from dataclasses import replace
from functools import partial

from jobs.chore import Chore, Place, brought_to
from jobs.conf import JobsSettings
from jobs.worker import forks
from jobs.worker.board import Board
from jobs.worker.child import Child
from jobs.worker.deadlines import WorkerDeadlines
from jobs.worker.keeper import Keeper
from jobs.worker.names import new_base_name
from jobs.worker.process import TICK, WorkerProcess
from jobs.worker.queue_order import QueueOrder
from jobs.worker.stacks import Stacks

#: Longest wait for Redis in one call about leases. Seconds.
KEEPER_TIMEOUT = 0.5


class EmbeddedWorker(WorkerProcess):
    """Runs in a thread, from its start until it is told to stop."""

    def __init__(self, queue_order: QueueOrder, settings: JobsSettings) -> None:
        """Prepare the crew and what looks after its leases.

        Raise StoreUnavailable if a whole cluster is away.
        """
        # Nobody could put another process in the place of this one.
        settings = replace(settings, max_memory_mb=0, max_jobs_per_process=0)
        name = new_base_name()
        board = Board(settings.concurrency + settings.async_concurrency)
        self.name = name
        self._keeper = Keeper(settings, queue_order.names, KEEPER_TIMEOUT)
        self._itself = Child(os.getpid(), name, board, Stacks(), queue_order.names)
        self._told_to_stop = threading.Event()
        self._is_process_ending = False
        super().__init__(name, queue_order, settings, board, burst=False)

    def _list_chores(self, heartbeat: float, queues: tuple[str, ...]) -> list[Chore]:
        """Return those of a worker, after what a supervisor would do.

        That is to renew the leases, and what features bring it: so schedules tick here too.
        """
        renew = Chore("leases", heartbeat, partial(self._keeper.renew, [self._itself]))
        brought = brought_to(Place.SUPERVISOR, lambda: self._keeper.store)
        return [renew, *super()._list_chores(heartbeat, queues), *brought]

    def tell_to_stop(self, *, is_process_ending: bool) -> None:
        """Have it end, from any thread.

        `is_process_ending`: what still runs at the deadline is given back, since it runs no more
        soon. Otherwise it is waited for.
        """
        self._is_process_ending = self._is_process_ending or is_process_ending
        self._told_to_stop.set()

    def run_embedded(self) -> None:
        """Run jobs in this process until a stop is over.

        A forked copy of the process has none of our threads, and lets go of what they share.
        """
        cleanings = (self._board.close, self.recorder.leave)
        for clean in cleanings:
            forks.leave_behind(clean)
        self.recorder.listen()
        try:
            self._begin()
            while not self._is_over():
                time.sleep(TICK)
                if self._told_to_stop.is_set():
                    self._stop()
                self._look_after()
            self._orphan.is_orphan = True  # nobody else gives its jobs back, or takes it from sight
            self._end()
        finally:
            self.recorder.leave()
            for clean in cleanings:
                forks.keep(clean)
            self._itself.stacks.close()
            self._keeper.close()
            self._store.close()

    def _is_stop_over(self, deadlines: WorkerDeadlines) -> bool:
        """Return whether nothing runs any more, or the process ends and time is up."""
        is_over = super()._is_stop_over(deadlines)
        return is_over and (self._is_process_ending or not self.crew.is_at_work)
