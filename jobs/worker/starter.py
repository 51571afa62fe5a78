"""The starter: forks worker processes, and is where each of them begins to live.

The supervisor has no thread and holds no connection when it forks.
"""

import gc
import os
import signal
import sys
from functools import cached_property

from django.db import connections

from jobs.client import get_client
from jobs.conf import JobsSettings
from jobs.events import WorkerFault, WorkerStarted, emit
from jobs.log import flush
from jobs.worker.board import Board
from jobs.worker.child import Child
from jobs.worker.forks import leave_behind
from jobs.worker.names import new_base_name
from jobs.worker.process import CHILD_SIGNALS, WorkerProcess
from jobs.worker.queue_order import QueueOrder
from jobs.worker.signals import turn_deaf
from jobs.worker.stacks import Stacks

#: What reaches the children too and is the supervisor's to answer: Ctrl-C goes to the whole group.
DEAF_TO = (signal.SIGINT, signal.SIGHUP, signal.SIGUSR2)


class Starter:
    """Starts workers that are all alike."""

    def __init__(self, settings: JobsSettings, queue_order: QueueOrder, *, burst: bool) -> None:
        """Take what each worker is to know."""
        self._settings = settings
        self._queue_order = queue_order
        self._burst = burst

    @cached_property
    def _alive_pipe(self) -> tuple[int, int]:
        """A pipe that nobody writes to.

        It closes for the children when the supervisor has died.
        """
        return os.pipe()

    def start(self) -> Child:
        """Fork one worker.

        The caller has closed its connections to Redis.
        """
        settings = self._settings
        board = Board(settings.concurrency + settings.async_concurrency)
        name, stacks = new_base_name(), Stacks()
        alive_pipe = self._alive_pipe
        connections.close_all()
        flush()
        sys.stdout.flush()
        gc.freeze()
        # Until the child has handlers of its own, a signal to it must wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, (*CHILD_SIGNALS, *DEAF_TO))
        pid = os.fork()
        if pid == 0:
            os._exit(self._live(name, board, stacks, *alive_pipe))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*CHILD_SIGNALS, *DEAF_TO))
        emit(WorkerStarted(name, pid, ",".join(self._queue_order.names)))
        return Child(pid, name, board, stacks)

    def _live(
        self, name: str, board: Board, stacks: Stacks, supervisor_pipe: int, writing_end: int
    ) -> int:
        """Live as a worker process, and return its exit code.

        Ctrl-C reaches the whole group; only the supervisor answers it.
        """
        code = 1
        try:
            turn_deaf(*DEAF_TO)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, DEAF_TO)
            os.close(writing_end)  # only the supervisor holds it
            stacks.listen()
            leave_behind(stacks.leave)
            get_client.cache_clear()
            worker = WorkerProcess(
                name, self._queue_order, self._settings, board, burst=self._burst
            )
            code = worker.run(supervisor_pipe)
        except Exception as error:  # noqa: BLE001  # the last words of a process
            emit(WorkerFault(worker=name, error=repr(error), raised=error))
        finally:
            flush()
            sys.stdout.flush()
        return code
