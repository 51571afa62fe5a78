"""The crew: all that runs jobs in one worker process, put together.

A buffer fetches and hands in; threads run jobs; an event loop runs those that are coroutines.
"""

from collections.abc import Callable

from jobs.conf import JobsSettings
from jobs.heartbeat import JobInHand
from jobs.middleware.chain import get_chain
from jobs.store import Store
from jobs.store.bounded import breaks
from jobs.worker.async_loop import AsyncLoop
from jobs.worker.board import Board
from jobs.worker.buffer import Buffer
from jobs.worker.custody import Custody
from jobs.worker.executor import Executor
from jobs.worker.fetcher import Fetcher
from jobs.worker.queue_order import QueueOrder
from jobs.worker.stops import Stops
from jobs.worker.threads import JobThread
from jobs.worker.time_limits import TimeLimits


class Crew:
    """Runs the jobs of one process."""

    def __init__(
        self,
        store: Store,
        queue_order: QueueOrder,
        settings: JobsSettings,
        board: Board,
        name: str,
        *,
        is_serial: bool = False,
    ) -> None:
        """Put it together.

        Nothing runs yet. Where it `is_serial`, a thread waits for the coroutine that it has begun.
        """
        self.worker = name
        self.stops = Stops()
        custody = Custody()
        fetcher = Fetcher(store, queue_order, board, name, custody, settings)
        bell = store.bell(queue_order.names)
        self.buffer = Buffer(
            fetcher, store, bell, custody, settings.concurrency, settings.heartbeat
        )
        self.limits = TimeLimits(board, settings.time_limit_grace)
        executor = Executor(store, self.buffer, get_chain(), settings, self.stops, self.limits)
        self.loop = AsyncLoop(
            settings.async_concurrency, executor.execute_async, board, settings.concurrency
        )
        fetcher.free_places = lambda: self.loop.free
        self.loop.on_free = self.buffer.note_room
        run_async = self.loop.run_alone if is_serial else self.loop.try_submit
        self.threads = [
            JobThread(slot, self.buffer, executor, board, run_async)
            for slot in range(settings.concurrency)
        ]
        self._breaks = breaks.count
        self._is_interrupting = False

    def start(self) -> None:
        """Begin to take and run jobs."""
        for thread in self.threads:
            thread.start()

    @property
    def is_at_work(self) -> bool:
        """Whether a thread lives or a coroutine runs, or Redis is owed an answer."""
        has_runs = self.has_threads or bool(self.loop.running())
        return has_runs or not self.buffer.is_idle

    @property
    def has_threads(self) -> bool:
        """Whether a thread lives."""
        return any(thread.is_alive() for thread in self.threads)

    def leaves_only_overdue(self) -> bool:
        """Return whether all that still runs has not ended long after its time limit.

        Nobody waits for that: the supervisor records it when this process has ended.
        """
        overdue = self.limits.overdue()
        self.buffer.custody.left_behind = overdue
        return bool(overdue) and self.buffer.is_idle

    def in_hand(self) -> list[JobInHand]:
        """Return what runs now, in threads and as coroutines."""
        jobs: list[JobInHand] = []
        for thread in self.threads:
            current = thread.current  # read once: it may end meanwhile
            if current is not None:
                unit, began_at = current
                jobs.append(JobInHand(unit.id, unit.queue, began_at, unit.job_class))
        waited_for = {job.job_id for job in jobs}  # by a thread, in a serial crew
        jobs += [
            JobInHand(run.unit.id, run.unit.queue, run.began_at, run.unit.job_class)
            for run in self.loop.running()
            if run.unit.id not in waited_for
        ]
        return jobs

    def cancel(self, job_id: str, announce: Callable[[], object]) -> None:
        """Tell a job that a person wants it to end.

        `announce` is called first, and only if the job is here.
        """
        number = self.buffer.custody.number_of(job_id)
        if number is not None:
            announce()
            self.stops.cancelled[job_id] = number
            self.loop.cancel(job_id)

    def interrupt(self) -> None:
        """Interrupt what still runs.

        A stop calls it again and again, since a thread may not be in the code of its job just now.
        A coroutine is cancelled once.
        """
        for thread in self.threads:
            thread.interrupt()
        if not self._is_interrupting:
            self._is_interrupting = True
            self.loop.cancel_all()

    def look_for_breaks(self) -> None:
        """Doubt what Redis remembers when a connection broke, also if nobody was using it."""
        if breaks.count != self._breaks:
            self._breaks = breaks.count
            self.buffer.note_outage()
