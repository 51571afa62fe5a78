"""The starter: forks worker processes, and is where each of them begins to live.

The supervisor has no thread and holds no connection when it forks.
"""

import gc
import os
import signal
import sys
from functools import cached_property

from jobs import databases
from jobs.client import get_client
from jobs.events import WorkerFault, WorkerStarted, emit
from jobs.log import flush
from jobs.worker.board import Board
from jobs.worker.child import Child
from jobs.worker.forks import leave_behind
from jobs.worker.names import new_base_name
from jobs.worker.plan import Plan
from jobs.worker.process import CHILD_SIGNALS, WorkerProcess
from jobs.worker.signals import turn_deaf
from jobs.worker.stacks import Stacks

#: What reaches the children too and is the supervisor's to answer: Ctrl-C goes to the whole group.
DEAF_TO = (signal.SIGINT, signal.SIGHUP, signal.SIGUSR2)


class Starter:
    """Starts workers.

    There is one for all capsules, as each child has to close the one pipe that tells of our death.
    """

    def __init__(self, *, burst: bool) -> None:
        """Take whether workers end when nothing is left to do."""
        self._burst = burst

    @cached_property
    def _alive_pipe(self) -> tuple[int, int]:
        """A pipe that nobody writes to.

        It closes for the children when the supervisor has died.
        """
        return os.pipe()

    def start(self, plan: Plan) -> Child:
        """Fork one worker of a plan.

        The caller has closed its connections to Redis.
        """
        settings = plan.settings
        board = Board(settings.concurrency + settings.async_concurrency)
        name, stacks = new_base_name(), Stacks()
        alive_pipe = self._alive_pipe
        databases.close_all()
        flush()
        sys.stdout.flush()
        gc.freeze()
        # Until the child has handlers of its own, a signal to it must wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, (*CHILD_SIGNALS, *DEAF_TO))
        pid = os.fork()
        if pid == 0:
            os._exit(self._live(plan, name, board, stacks, *alive_pipe))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*CHILD_SIGNALS, *DEAF_TO))
        emit(WorkerStarted(name, pid, ",".join(plan.queues)))
        return Child(pid, name, board, stacks, plan.queues)

    def _live(
        self,
        plan: Plan,
        name: str,
        board: Board,
        stacks: Stacks,
        supervisor_pipe: int,
        writing_end: int,
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
                name,
                plan.queue_order,
                plan.settings,
                board,
                burst=self._burst,
                is_serial=plan.is_serial,
            )
            code = worker.run(supervisor_pipe)
            if board.overdue():
                stacks.write()
        except Exception as error:  # noqa: BLE001  # the last words of a process
            emit(WorkerFault(worker=name, error=repr(error), raised=error))
        finally:
            flush()
            sys.stdout.flush()
        return code
