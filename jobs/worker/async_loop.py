"""The event loop of a worker process: runs jobs whose `perform` is a coroutine, up to a limit of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

from jobs.worker.board import Board
from jobs.worker.executor import Run


class AsyncLoop:
    """An event loop in a thread, started when the first coroutine comes."""

    def __init__(self, limit: int, execute: Callable[[Run], Awaitable[None]], board: Board, first_slot: int) -> None:
        """Take the most coroutines at a time, what runs one, and the board with `limit` slots from `first_slot`."""
        self._execute = execute
        self._board = board
        self._free = list(range(first_slot, first_slot + limit))
        self._capacity = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[asyncio.Task[None], Run] = {}

    def submit(self, run: Run) -> None:
        """Start a run; wait while the limit is reached."""
        self._capacity.acquire()
        loop = self._started()
        loop.call_soon_threadsafe(self._start, run)

    def running(self) -> list[Run]:
        """Return the runs in progress."""
        return list(self._tasks.values())

    def cancel_all(self) -> None:
        """Cancel every run; each is then an interrupted job."""
        if self._loop:
            for task in list(self._tasks):
                self._loop.call_soon_threadsafe(task.cancel)

    def cancel(self, job_id: str) -> None:
        """Cancel the run of one job, if it is here."""
        for task, run in list(self._tasks.items()):
            if self._loop and run.unit.id == job_id:
                self._loop.call_soon_threadsafe(task.cancel)

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="jobs-async", daemon=True).start()
            return self._loop

    def _start(self, run: Run) -> None:
        slot = self._free.pop()
        self._board.write(slot, run.unit.id)
        task = asyncio.get_running_loop().create_task(self._run(run))
        self._tasks[task] = run
        task.add_done_callback(lambda done: self._ended(done, slot))

    async def _run(self, run: Run) -> None:
        await self._execute(run)

    def _ended(self, task: "asyncio.Task[None]", slot: int) -> None:
        del self._tasks[task]
        self._board.clear(slot)
        self._free.append(slot)
        self._capacity.release()
