"""One worker process: a crew and a main thread that tends it.

The main thread obeys signals and keeps deadlines, and never talks to Redis. The thread
of the chores does that: it sends what waits too long, beats every few seconds, and asks
what people want. If the supervisor dies, a pipe closes. Then the process stops by
itself, and renews its own leases until it is done.
"""

import os
import select
import signal
import sys
import time
from functools import partial

from jobs.chore import Chore, Place, brought_to
from jobs.conf import JobsSettings
from jobs.events import (
    WorkerBroken,
    WorkerCancels,
    WorkerLeftUnsaid,
    WorkerOrphaned,
    WorkerQuiet,
    WorkerUnquiet,
    emit,
)
from jobs.log import flush
from jobs.store import Store
from jobs.worker.board import Board
from jobs.worker.burst import Burst
from jobs.worker.chores import Chores, ChoresThread
from jobs.worker.course import Course
from jobs.worker.crew import Crew
from jobs.worker.deadlines import WorkerDeadlines
from jobs.worker.exits import BROKEN, STOPPED_BY_REQUEST
from jobs.worker.forks import leave_behind
from jobs.worker.guard import Guard
from jobs.worker.health import Health
from jobs.worker.inbox import LOOK_EVERY, Inbox, Request
from jobs.worker.listening import listening
from jobs.worker.orphan import Orphan
from jobs.worker.portrait import Portrait
from jobs.worker.queue_order import QueueOrder
from jobs.worker.recorder import Recorder
from jobs.worker.retirement import Reason
from jobs.worker.signals import SignalPipe
from jobs.worker.threads import stacks
from jobs.worker.wear import LOOK_EVERY as LOOK_AT_WEAR
from jobs.worker.wear import Wear

CHILD_SIGNALS = (signal.SIGTERM, signal.SIGTSTP, signal.SIGTTIN)
#: How often the main thread looks around, and the chores too. Seconds.
TICK = 0.02
#: How long a chore that serves people's eyes may wait for Redis, in seconds. Jobs that
#: are to be given back wait for it.
FOR_EYES = 1.0
#: How long the last words to Redis may take where no stop sets a limit. Seconds.
FAREWELL = 5.0


class WorkerProcess:
    """Runs in a forked child, from the fork to `os._exit`."""

    def __init__(
        self,
        name: str,
        queue_order: QueueOrder,
        settings: JobsSettings,
        board: Board,
        *,
        burst: bool,
        is_serial: bool = False,
    ) -> None:
        """Open a store and prepare the crew.

        Nothing runs yet. `is_serial`: it runs one job at a time, coroutines too.
        """
        self._name = name
        self._board = board
        self._store = Store(
            settings.redis_url, settings.namespace, timeout=max(2.0, settings.heartbeat)
        )
        self.crew = Crew(self._store, queue_order, settings, board, name, is_serial=is_serial)
        self.buffer = self.crew.buffer
        queues = queue_order.names
        self.recorder = Recorder(self._store)
        self.inbox = Inbox(self._store, name)
        self._course = Course(settings.timeout)
        self._orphan = Orphan(self._store, settings, queues, name, board)
        self._wear = Wear(board, name, settings, self._course, lambda: self.buffer.custody.takings)
        self._brought = self._hire(name)
        self._burst = Burst(self._store, self.buffer, queues, self._brought, is_wanted=burst)
        self.portrait = Portrait(self._store, self.crew, self._course, queues, settings)
        chores = self._list_chores(settings.heartbeat, queues)
        guard = Guard(self.buffer.note_outage, worker=name)
        self._chores = ChoresThread(Chores(chores, guard), TICK)
        self._health = Health(self.crew, self._chores, settings.heartbeat, burst=burst)

    def _list_chores(self, heartbeat: float, queues: tuple[str, ...]) -> list[Chore]:
        """Return what the thread of the chores does, in this order."""
        announce = partial(self._store.intake.announce_queues, queues)
        return [
            Chore("breaks", 0.0, self.crew.look_for_breaks),
            Chore("tend", 0.0, self.buffer.tend),
            Chore("fold", 0.0, self.recorder.fold),
            Chore("burst", 0.0, self._burst.look),
            Chore("renew", heartbeat, self._orphan.renew),
            Chore("wear", LOOK_AT_WEAR, self._wear.look),
            Chore("inbox", LOOK_EVERY, self.inbox.fetch, FOR_EYES),
            Chore("beat", heartbeat, self.portrait.beat, FOR_EYES),
            Chore("metrics", heartbeat, self.recorder.send, FOR_EYES),
            Chore("announce", heartbeat, announce, FOR_EYES),
        ]

    def _hire(self, name: str) -> ChoresThread:
        """Return a thread for the chores of features and of the project.

        They may be slow. In the other thread they would hold back heartbeats and
        endings of jobs.
        """
        brought = brought_to(Place.WORKER, lambda: self._store)
        return ChoresThread(Chores(brought, Guard(worker=name)), TICK, "jobs-brought-chores")

    def run(self, supervisor_pipe: int) -> int:
        """Run jobs until a stop is over, or a burst drained.

        Return the exit code.
        """
        leave_behind(self._board.close)
        leave_behind(partial(os.close, supervisor_pipe))
        with listening(self.recorder):
            with SignalPipe(*CHILD_SIGNALS) as signals:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, CHILD_SIGNALS)
                self._begin()
                while not self._is_over():
                    self._turn(signals, supervisor_pipe)
            self._end()
        return self._course.exit_code

    def _begin(self) -> None:
        """Start every thread."""
        self._wear.begin()
        self.crew.start()
        self._chores.start()
        if self._brought.has_chores:
            self._brought.start()

    def _end(self) -> None:
        """Say the last words, when nothing runs any more or time is up."""
        self._board.leave()
        self._brought.end(lambda: None, 0.0)
        self._chores.end(self._say_farewell, self._time_for_farewell())

    def _turn(self, signals: SignalPipe, supervisor_pipe: int) -> None:
        """Go round once: obey signals, and look after all else."""
        self._board.turn()
        sources = [signals.fileno()]
        if not self._orphan.is_orphan:
            sources.append(supervisor_pipe)
        ready = select.select(sources, [], [], TICK)[0]
        if supervisor_pipe in ready:
            self._become_orphan()
        if signals.fileno() in ready:
            for number in signals.read():
                self._obey(number)
        self._look_after()

    def _look_after(self) -> None:
        """Look at time limits, requests and the health, and write the log."""
        self.crew.limits.strike()
        self.grant_requests()
        if self._burst.is_drained:
            self._end_burst()
        if self._board.retires_for:
            self._retire()
        self._check_health()
        flush()

    # What others want

    def _obey(self, number: int) -> None:
        if number == signal.SIGTERM:
            self._stop()
        elif number == signal.SIGTSTP:
            self._become_quiet()
        elif number == signal.SIGTTIN:
            sys.stderr.write(stacks(self.crew.threads) + "\n")
            sys.stderr.flush()

    def grant_requests(self) -> None:
        """Do what people want of this worker."""
        for request in self.inbox.take_all():
            self._grant(request)

    def _grant(self, request: Request) -> None:
        if request.name == "quiet":
            self._become_quiet()
        elif request.name == "unquiet":
            self._unquiet()
        elif request.name == "stop":
            self._course.exit_code = STOPPED_BY_REQUEST
            self._stop()
        elif request.name == "cancel":
            event = WorkerCancels(self._name, request.job_id)
            self.crew.cancel(request.job_id, announce=partial(emit, event))

    def _become_orphan(self) -> None:
        self._orphan.is_orphan = True
        emit(WorkerOrphaned(self._name))
        self._stop()

    def _check_health(self) -> None:
        """End in good order when something in this process has died.

        Another process takes its place.
        """
        if self._course.is_stopping:
            return
        if what := self._health.what_is_broken():
            emit(WorkerBroken(self._name, what))
            self._course.exit_code = BROKEN
            self._stop()

    # The way to the end

    def _become_quiet(self) -> None:
        if self._course.become_quiet():
            emit(WorkerQuiet(self._name))
            self.buffer.gate.be_quiet()
            self._hasten()

    def _unquiet(self) -> None:
        if self._course.unquiet():
            emit(WorkerUnquiet(self._name))
            self._board.note_unquiet()
            self.buffer.gate.open()
            self._hasten()

    def _stop(self) -> None:
        if not self._course.is_stopping:
            self._become_quiet()
            self.buffer.gate.close()
            self._course.begin_stop()
            self.crew.stops.is_worker_stopping = True
            self._hasten()

    def _hasten(self) -> None:
        self._chores.hasten()
        self._brought.hasten()

    def _retire(self) -> None:
        """Take no more, since there is a successor, and end when nothing runs here."""
        self._course.leaves_for = Reason(self._board.retires_for).name.lower()
        self._become_quiet()
        self.buffer.gate.close()
        if not self.crew.is_at_work:
            self._stop()

    def _end_burst(self) -> None:
        """End in good order.

        A fetch may still bring jobs, which then go back unbegun.
        """
        self._course.become_quiet()  # it is no news to people
        self._stop()

    def _is_over(self) -> bool:
        """Return whether the main loop may end: all is done, or time is up."""
        deadlines = self._course.deadlines
        return deadlines is not None and self._is_stop_over(deadlines)

    def _is_stop_over(self, deadlines: WorkerDeadlines) -> bool:
        if not self.crew.is_at_work or self.crew.leaves_only_overdue():
            return True
        if self.crew.has_threads:
            self.buffer.wake()
        now = time.monotonic()
        if now >= deadlines.interrupts_at:
            self.crew.interrupt()
        return now >= deadlines.exits_at

    def _time_for_farewell(self) -> float:
        if self._course.deadlines is None:
            return FAREWELL
        left = self._course.deadlines.ends_at - time.monotonic()
        return max(0.1, min(FAREWELL, left))

    def _say_farewell(self) -> None:
        """Leave nothing behind.

        Jobs that still run are given back by the supervisor, when they surely run no more. Then it
        takes the portrait down: before that people would take a stop for a lack of workers.
        """
        try:
            self._orphan.recover()
            self.recorder.send()
            if self._orphan.is_orphan:
                self.portrait.take_down()
        except Exception as error:  # noqa: BLE001  # the last words of a process
            emit(WorkerLeftUnsaid(self._name, error))
