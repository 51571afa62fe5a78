"""The supervisor: forks worker processes, restarts them, renews their leases and takes back the jobs of the dead.

It runs no job, starts no thread and holds no connection when it forks. Because it, and not the worker, renews the
leases, a job may hold the GIL for hours; because the operating system tells it of a death, the jobs of a killed worker
are back in their queue at once.
"""

import gc
import logging
import os
import select
import signal
import sys
import time

from django.db import connections

from jobs.client import get_client
from jobs.conf import JobsSettings
from jobs.errors import StoreUnavailable
from jobs.events import emit, flush
from jobs.store import Store
from jobs.worker.board import Board
from jobs.worker.child import Child, Death
from jobs.worker.names import new_base_name
from jobs.worker.process import CHILD_SIGNALS, WorkerProcess
from jobs.worker.queues import QueueOrder
from jobs.worker.recovery import Recovery
from jobs.worker.signals import SignalPipe

#: A child that lived for so long is replaced at once; before that with a growing pause. Seconds.
HEALTHY_AFTER = 5.0
LONGEST_RESTART_PAUSE = 30.0
#: A renewal that failed is tried again after so long: when Redis is back, it must come before others recover. Seconds.
RENEW_AGAIN_AFTER = 0.25
#: The children are killed so long before the deadline of a stop, in seconds, or this part of it.
KILL_BEFORE = (0.5, 0.1)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Supervisor:
    """Keeps `settings.processes` workers running."""

    def __init__(
        self, settings: JobsSettings, order: QueueOrder, *, burst: bool = False, stop_at_eof: int | None = None
    ) -> None:
        """Take what to run. `stop_at_eof`: a descriptor whose end of file means stop, as TERM does."""
        self.settings = settings
        self.order = order
        self._burst = burst
        self._stop_at_eof = stop_at_eof
        self._store = Store(settings.redis_url, settings.namespace, timeout=2.0)
        self._recovery = Recovery(self._store, settings)
        self._children: dict[int, Child] = {}
        self._deaths: list[Death] = []
        self._to_replace: list[Child] = []
        self._missing = self._strength = settings.processes
        self._quick_deaths = 0
        self._starts_at = 0.0
        self._stops_at: float | None = None
        self._is_quiet = False

    def run(self) -> int:
        """Run until a signal stops it, or in a burst until the work is done; return the exit code."""
        self._alive_pipe = os.pipe()
        caught = (*STOP_SIGNALS, signal.SIGTSTP, signal.SIGTTIN, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD)
        next_renewal = 0.0
        with SignalPipe(*caught) as signals:
            while not self._is_over():
                self._keep_up_strength()
                flush()  # before the sleep: a line may have been kept
                self._sleep(signals, next_renewal)
                for number in signals.read():
                    self._obey(number)
                self._reap()
                if time.monotonic() >= next_renewal:
                    next_renewal = time.monotonic() + (self.settings.heartbeat if self._renew() else RENEW_AGAIN_AFTER)
                self._recover_the_dead()
        return 0

    # Children

    def _keep_up_strength(self) -> None:
        """Fork what is missing, unless a stop is on or children die too quickly."""
        if self._stops_at is not None or self._is_quiet or time.monotonic() < self._starts_at:
            return
        while self._missing:
            self._fork()
            self._missing -= 1
        self._replace_next()

    def _fork(self) -> None:
        board = Board(self.settings.concurrency + self.settings.async_concurrency)
        name = new_base_name()
        self._store.close()
        connections.close_all()
        flush()
        sys.stdout.flush()
        gc.freeze()
        # Until the child has handlers of its own, a signal to it must wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, CHILD_SIGNALS)
        pid = os.fork()
        if pid == 0:
            os._exit(self._be_child(name, board))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, CHILD_SIGNALS)
        self._children[pid] = Child(pid, name, board)
        emit(logging.INFO, "worker.started", {"worker": name, "child": pid, "queues": ",".join(self.order.names)})

    def _be_child(self, name: str, board: Board) -> int:
        """Live as a worker process. Ctrl-C reaches the whole group; only the supervisor answers it."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGUSR2, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._alive_pipe[1])
            get_client.cache_clear()
            worker = WorkerProcess(name, self.order, self.settings, board, burst=self._burst)
            code = worker.run(self._alive_pipe[0])
        except Exception as error:  # noqa: BLE001  # the last words of a process
            emit(logging.CRITICAL, "worker.fault", {"worker": name, "error": repr(error)}, error)
        finally:
            flush()
            sys.stdout.flush()
        return code

    def _reap(self) -> None:
        """Notice every child that died, was stopped (SIGSTOP) or goes on."""
        while self._children:
            pid, status, usage = os.wait4(-1, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            if pid == 0:
                return
            child = self._children.get(pid)
            if child is None:
                continue  # started by code of the project, such as a death handler
            if os.WIFSTOPPED(status) or os.WIFCONTINUED(status):
                child.is_stopped = os.WIFSTOPPED(status)
                emit(logging.WARNING, "worker.paused" if child.is_stopped else "worker.resumed", {"worker": child.name})
                continue
            del self._children[pid]
            self._bury(child, status, usage.ru_maxrss)

    def _bury(self, child: Child, status: int, peak_kilobytes: int) -> None:
        death = child.bury(status, peak_kilobytes)
        self._deaths.append(death)
        fields = {"worker": child.name, "child": child.pid, "how": death.how, "peak_memory_mb": death.peak_memory_mb}
        emit(logging.ERROR if death.ending.is_crash else logging.INFO, "worker.ended", fields)
        if death.is_by_order:
            self._strength -= 1
        elif not child.was_told_to_stop and not (self._burst and death.code == 0):
            self._missing += 1
        self._space_out_restarts(child, is_crash=death.ending.is_crash)

    def _space_out_restarts(self, child: Child, *, is_crash: bool) -> None:
        lived = time.monotonic() - child.started
        self._quick_deaths = self._quick_deaths + 1 if is_crash and lived < HEALTHY_AFTER else 0
        pause = min(0.1 * 2**self._quick_deaths, LONGEST_RESTART_PAUSE) if self._quick_deaths > 1 else 0.0
        self._starts_at = time.monotonic() + pause

    def _replace_next(self) -> None:
        """In a rolling restart, start the successor of one child, and when it runs tell the old one to stop."""
        self._to_replace = [child for child in self._to_replace if child.pid in self._children]
        if self._to_replace and len(self._children) == self._strength:
            old = self._to_replace.pop(0)
            self._fork()
            old.tell(signal.SIGTERM)

    # Leases and recovery

    def _renew(self) -> bool:
        """Renew the leases of the children that live; one that is stopped does not. False when Redis is away."""
        names = [name for child in self._children.values() if not child.is_stopped for name in child.names]
        try:
            for queue in self.order.names if names else ():
                self._store.renew(queue, names, self.settings.lease)
        except StoreUnavailable:
            return False  # the children meet it too, and report it
        return True

    def _recover_the_dead(self) -> None:
        while self._deaths:
            death = self._deaths[0]
            try:
                for name in death.names:
                    self._recovery.recover(self.order.names, name, death.ending, is_dead=True)
                    self._store.forget(name)
            except StoreUnavailable:
                return  # again at the next turn
            self._deaths.pop(0)

    # Signals

    def _obey(self, number: int) -> None:
        if number in STOP_SIGNALS:
            if number == signal.SIGINT and self._stops_at is not None:
                self._tell_all(signal.SIGKILL)
            self._stop()
        elif number == signal.SIGTSTP:
            self._is_quiet = True
            self._tell_all(signal.SIGTSTP)
        elif number == signal.SIGTTIN:
            self._tell_all(signal.SIGTTIN)
        elif number in {signal.SIGHUP, signal.SIGUSR2}:
            self._to_replace = list(self._children.values())

    def _stop(self) -> None:
        if self._stops_at is None:
            emit(logging.INFO, "supervisor.stopping", {"timeout": self.settings.timeout})
            margin = min(KILL_BEFORE[0], KILL_BEFORE[1] * self.settings.timeout)
            self._stops_at = time.monotonic() + self.settings.timeout - margin
            self._tell_all(signal.SIGTERM)

    def _tell_all(self, number: signal.Signals) -> None:
        for child in self._children.values():
            child.tell(number)

    # Time

    def _is_over(self) -> bool:
        if self._stops_at is None:
            ends = self._burst or self._strength == 0
            return ends and not (self._missing or self._children or self._deaths)
        if not self._children:
            return not self._deaths or time.monotonic() >= self._stops_at
        if time.monotonic() >= self._stops_at:
            self._tell_all(signal.SIGKILL)
        return False

    def _sleep(self, signals: SignalPipe, next_renewal: float) -> None:
        sources = [signals.fileno()]
        if self._stop_at_eof is not None and self._stops_at is None:
            sources.append(self._stop_at_eof)
        ready = select.select(sources, [], [], self._patience(next_renewal))[0]
        if self._stop_at_eof in ready and not os.read(self._stop_at_eof or 0, 1024):
            self._stop()

    def _patience(self, next_renewal: float) -> float:
        """Return how long to sleep if no signal comes."""
        now = time.monotonic()
        moments = [next_renewal]
        if self._starts_at > now:
            moments.append(self._starts_at)
        if self._stops_at is not None and self._stops_at > now:
            moments.append(self._stops_at)
        if self._deaths or (self._stops_at is not None and now >= self._stops_at):
            moments.append(now + 0.1)
        return max(0.0, min(moments) - now)
