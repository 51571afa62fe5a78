"""Recalls jobs from a child whose main thread goes round no more.

Perhaps a job holds the GIL. That job keeps its lease and its place for as long as it likes. What
waits behind it does not have to.
"""

import itertools
import time
from collections.abc import Sequence

from jobs.events import JobsRecalled, emit
from jobs.worker.child import Child
from jobs.worker.link import Link
from jobs.worker.recovery import Taken

#: From the recall of jobs to the moment when none of them can begin any more. Seconds.
SETTLES_AFTER = 0.01


class Recall:
    """Gives back what waits in a child and has not begun."""

    def __init__(self, link: Link, queues: Sequence[str]) -> None:
        """Take the queues that the children serve."""
        self._link = link
        self._queues = queues

    def recall(self, child: Child) -> None:
        """Give back what one child holds and has not begun.

        Raise StoreUnavailable.
        """
        waiting = self._not_begun(child, self._held_by(child))
        if not waiting:
            return
        child.board.recall(max(taken.number for taken in waiting))
        time.sleep(SETTLES_AFTER)
        still_waiting = self._not_begun(child, waiting)
        for queue in self._queues:
            self._release(child, queue, still_waiting)

    def _held_by(self, child: Child) -> list[Taken]:
        recovery = self._link.recovery
        held: list[Taken] = []
        for queue, name in itertools.product(self._queues, child.names):
            held += recovery.taken_by(queue, name)
        return held

    def _not_begun(self, child: Child, held: Sequence[Taken]) -> list[Taken]:
        """Return those that no thread has begun.

        Jobs are begun in the order of their numbers.
        """
        started = child.board.highest_started()
        return [taken for taken in held if taken.number > started]

    def _release(self, child: Child, queue: str, waiting: Sequence[Taken]) -> None:
        jobs = [(taken.token, taken.job_id, b"") for taken in waiting if taken.queue == queue]
        if not jobs:
            return
        recalled = self._link.store.running.release(queue, jobs)
        if recalled:
            emit(JobsRecalled(child.name, queue, recalled))
