"""One worker process: threads that run jobs, and a main thread that tends them. Forked by the supervisor.

The main thread wakes many times a second to send what waits too long, beats every few seconds, and obeys the
supervisor's signals: TERM stops, TSTP makes quiet, TTIN shows stacks. If the supervisor dies, a pipe closes, and the
process stops by itself, renewing its own lease until it is done.
"""

import logging
import os
import resource
import select
import signal
import socket
import sys
import time

from jobs.conf import JobsSettings
from jobs.errors import StoreUnavailable
from jobs.events import emit, flush
from jobs.middleware.chain import get_chain
from jobs.store import Store
from jobs.store.orders import Orders
from jobs.worker.async_loop import AsyncLoop
from jobs.worker.board import Board
from jobs.worker.buffer import Buffer
from jobs.worker.executor import Executor
from jobs.worker.exits import STOPPED_BY_ORDER
from jobs.worker.fetcher import Fetcher
from jobs.worker.metrics import Recorder
from jobs.worker.queues import QueueOrder
from jobs.worker.recovery import Recovery, WorkerEnd
from jobs.worker.signals import SignalPipe
from jobs.worker.stops import Stops
from jobs.worker.threads import JobThread, stacks

CHILD_SIGNALS = (signal.SIGTERM, signal.SIGTSTP, signal.SIGTTIN)
#: How often the main thread looks around, in seconds.
TICK = 0.02
#: How often it asks what people want of it, in seconds.
ORDERS_EVERY = 1.0
#: How long before its deadline a stopping worker interrupts the jobs that still run, in seconds, or this part of it.
INTERRUPT_BEFORE = (2.0, 0.25)
#: How long a worker is shown to people after its last heartbeat, in seconds.
SHOWN_FOR = 60.0


class WorkerProcess:
    """Runs in a forked child, from the fork to `os._exit`."""

    def __init__(self, name: str, order: QueueOrder, settings: JobsSettings, board: Board, *, burst: bool) -> None:
        """Open a store and prepare the threads; nothing runs yet."""
        self._settings = settings
        self._order = order
        self._board = board
        self._burst = burst
        self._store = Store(settings.redis_url, settings.namespace, timeout=max(2.0, settings.heartbeat))
        self._orders = Orders(self._store)
        self._recovery = Recovery(self._store, settings)
        fetcher = Fetcher(self._store, order, board, name, self._recovery, settings)
        self.buffer = Buffer(
            fetcher, self._store, self._store.bell(order.names), settings.concurrency, settings.heartbeat
        )
        self._recorder = Recorder(self._store)
        self._stops = Stops()
        executor = Executor(self._store, self.buffer, get_chain(), settings, self._recorder, self._stops)
        self._async = AsyncLoop(settings.async_concurrency, executor.execute_async, board, settings.concurrency)
        self._threads = [
            JobThread(slot, self.buffer, executor, board, self._async.submit) for slot in range(settings.concurrency)
        ]
        self._stops_at: float | None = None
        self._exits_at = 0.0
        self._is_interrupting = False
        self._is_quiet = False
        self._is_orphan = False
        self._is_stopped_by_order = False
        self._started_at = time.time()

    def run(self, supervisor_pipe: int) -> int:
        """Run jobs until a stop is over, or in a burst until nothing is left; return the exit code."""
        next_beat = next_orders = 0.0
        with SignalPipe(*CHILD_SIGNALS) as signals:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, CHILD_SIGNALS)
            for thread in self._threads:
                thread.start()
            while not self._is_over():
                sources = [signals.fileno()] if self._is_orphan else [signals.fileno(), supervisor_pipe]
                ready = select.select(sources, [], [], TICK)[0]
                if supervisor_pipe in ready:
                    self._be_orphan()
                for number in signals.read() if signals.fileno() in ready else ():
                    self._obey(number)
                self.buffer.tend()
                self._recorder.fold()
                flush()
                if time.monotonic() >= next_beat:
                    next_beat = time.monotonic() + self._settings.heartbeat
                    self._beat()
                if time.monotonic() >= next_orders:
                    next_orders = time.monotonic() + ORDERS_EVERY
                    self._take_orders()
        self._end()
        return STOPPED_BY_ORDER if self._is_stopped_by_order else 0

    # Signals

    def _obey(self, number: int) -> None:
        if number == signal.SIGTERM:
            self._stop()
        elif number == signal.SIGTSTP:
            self._be_quiet()
        elif number == signal.SIGTTIN:
            sys.stderr.write(stacks(self._threads) + "\n")
            sys.stderr.flush()

    def _take_orders(self) -> None:
        """Do what people want of this worker."""
        try:
            orders = self._orders.take(self.buffer.worker)
        except StoreUnavailable:
            self.buffer.note_outage()
            return
        for order in orders:
            name, _, job_id = order.partition(" ")
            if name == "quiet":
                self._be_quiet()
            elif name == "stop":
                self._is_stopped_by_order = True
                self._stop()
            elif name == "cancel" and self.buffer.holds(job_id):
                emit(logging.INFO, "worker.cancels", {"worker": self.buffer.worker, "id": job_id})
                self._stops.cancelled.add(job_id)
                self._async.cancel(job_id)

    def _be_orphan(self) -> None:
        self._is_orphan = True
        emit(logging.WARNING, "worker.orphaned", {"worker": self.buffer.worker})
        self._stop()
        self._beat()  # from now on nobody else renews the lease

    def _be_quiet(self) -> None:
        if not self._is_quiet:
            self._is_quiet = True
            emit(logging.INFO, "worker.quiet", {"worker": self.buffer.worker})
            self.buffer.be_quiet()
            self._beat()

    def _stop(self) -> None:
        if self._stops_at is None:
            self._be_quiet()
            before = min(INTERRUPT_BEFORE[0], INTERRUPT_BEFORE[1] * self._settings.timeout)
            self._stops_at = time.monotonic() + self._settings.timeout - before
            self._stops.is_worker_stopping = True
            self._exits_at = self._stops_at + before / 2
            self._beat()

    # The end

    def _is_over(self) -> bool:
        """Whether the main loop may end: all is done, or the time is up."""
        if self._stops_at is not None:
            return self._is_stop_over(self._stops_at)
        return self._burst and not self._is_quiet and self._is_burst_over()

    def _is_stop_over(self, stops_at: float) -> bool:
        alive = any(thread.is_alive() for thread in self._threads)
        if not alive and not self._async.running() and self.buffer.is_idle:
            return True
        if alive:
            self.buffer.wake()
        now = time.monotonic()
        if now >= stops_at and not self._is_interrupting:
            self._is_interrupting = True
            for thread in self._threads:
                thread.interrupt()
            self._async.cancel_all()
        return now >= self._exits_at

    def _is_burst_over(self) -> bool:
        if not self.buffer.is_idle:
            return False
        try:
            return not any(self._store.is_busy(queue) for queue in self._order.names)
        except StoreUnavailable:
            return False

    def _end(self) -> None:
        """Leave nothing behind. Jobs that still run are given back by the supervisor, when they surely run no more."""
        try:
            if self._is_orphan:
                ending = WorkerEnd("the worker was stopped", is_crash=False, running=frozenset(self._board.running()))
                self._recovery.recover(self._order.names, self.buffer.worker, ending, is_dead=True)
            self._recorder.send()
            self._store.forget(self.buffer.worker)
        except StoreUnavailable as error:
            emit(logging.WARNING, "worker.left_unsaid", {"worker": self.buffer.worker, "error": error})

    # Heartbeat

    def _beat(self) -> None:
        """Show this worker to people; an orphan renews its own leases too."""
        busy = [thread.current for thread in self._threads if thread.current]
        running = [f"{unit.id} {unit.queue} {since:.3f}" for unit, since in busy]
        running += [f"{run.unit.id} {run.unit.queue} {time.time():.3f}" for run in self._async.running()]
        facts: dict[str, str | int | float] = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "queues": ",".join(self._order.names),
            "concurrency": self._settings.concurrency,
            "busy": len(running),
            "running": "\n".join(running),
            "quiet": int(self._is_quiet),
            "stopping": int(self._stops_at is not None),
            "started_at": self._started_at,
            "beat_at": time.time(),
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        try:
            self._store.beat(self.buffer.worker, facts, SHOWN_FOR)
            self._recorder.send()
            self._store.announce_queues(self._order.names)
            if self._is_orphan:
                for queue in self._order.names:
                    self._store.renew(queue, [self.buffer.worker], self._settings.lease)
        except StoreUnavailable:
            self.buffer.note_outage()  # which it would not meet while all threads are busy
