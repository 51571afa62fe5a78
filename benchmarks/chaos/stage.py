"""Carries a plan out on supervisors and server. Ends only what it started."""

import heapq
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from benchmarks.chaos.plan import REDIS, Fault, What
from benchmarks.chaos.processes import Life, Lives
from benchmarks.chaos.server import Server

#: How often we look who lives, in seconds.
LOOK_EVERY = 0.05
#: How long a stop may take, in seconds; then the group of the supervisor is killed.
LONGEST_STOP = 20.0


class Stage:
    """Runs supervisors in their places, and lets faults strike them."""

    def __init__(self, folder: Path, server: Server, supervisors: int) -> None:
        """Take the folder for logs. Nothing runs yet."""
        self._folder = folder
        self._server = server
        self._places: list[subprocess.Popen[bytes]] = []
        self._started: list[subprocess.Popen[bytes]] = []
        self._supervisors = supervisors
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.lives = Lives()
        self.bad_exits: list[str] = []

    def start(self) -> None:
        """Start the supervisors."""
        self._places = [self._start_supervisor() for _ in range(self._supervisors)]

    def carry_out(self, plan: Sequence[Fault], seconds: float) -> None:
        """Let each fault strike at its time, and return when all is undone again."""
        began = time.monotonic()
        for fault in plan:
            self._at(began + fault.at, partial(self._strike, fault))
        while self._due or time.monotonic() < began + seconds:
            while self._due and self._due[0][0] <= time.monotonic():
                heapq.heappop(self._due)[2]()
            self.look()
            time.sleep(LOOK_EVERY)

    @property
    def supervisors(self) -> set[int]:
        """The process ids of the supervisors that work now."""
        return {supervisor.pid for supervisor in self._places}

    def look(self) -> None:
        """See who lives."""
        for supervisor in self._places:
            supervisor.poll()
        self.lives.look()

    def stop(self) -> None:
        """Stop every supervisor in good order."""
        for supervisor in self._places:
            self._tell_to_stop(supervisor)
        for supervisor in self._places:
            self._wait(supervisor)
        self.lives.look()

    def close(self) -> None:
        """Kill whatever still lives of what was started here."""
        for supervisor in self._started:
            with suppress(ProcessLookupError):
                os.killpg(supervisor.pid, signal.SIGKILL)  # its workers are in its group
            supervisor.wait()
            if supervisor.stdin:
                supervisor.stdin.close()
        self._server.thaw()
        self._server.stop(signal.SIGTERM)

    # Supervisors

    def _start_supervisor(self) -> subprocess.Popen[bytes]:
        with (self._folder / "workers.log").open("ab") as log:
            supervisor = subprocess.Popen(
                [sys.executable, "-m", "django", "runjobs", "--stop-at-eof"],
                stdin=subprocess.PIPE,  # it ends if we are killed
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(supervisor)
        self.lives.add(supervisor.pid, supervisor.pid)
        return supervisor

    def _replace(self, place: int) -> None:
        self._places[place] = self._start_supervisor()

    def _tell_to_stop(self, supervisor: subprocess.Popen[bytes]) -> None:
        for life in (*self.lives.workers_of(supervisor.pid), self.lives.by_pid[supervisor.pid]):
            self.lives.tell_to_stop(life)
        supervisor.send_signal(signal.SIGTERM)

    def _wait(self, supervisor: subprocess.Popen[bytes], seconds: float = LONGEST_STOP) -> None:
        try:
            code = supervisor.wait(seconds)
        except subprocess.TimeoutExpired:
            self.bad_exits.append(f"supervisor {supervisor.pid} did not stop in {LONGEST_STOP:g} s")
            return
        # Before it has begun, a signal ends it as it ends any process.
        has_begun = any(
            life.supervisor == supervisor.pid != life.pid for life in self.lives.by_pid.values()
        )
        if code and (has_begun or code != -signal.SIGTERM):
            self.bad_exits.append(f"supervisor {supervisor.pid} ended with exit code {code}")

    # Faults

    def _at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (moment, next(self._order), action))

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._at(time.monotonic() + seconds, action)

    def _strike(self, fault: Fault) -> None:
        if fault.target == REDIS:
            print(fault, flush=True)
            self._strike_redis(fault)
        elif fault.what in {What.KILL_WORKER, What.FREEZE_WORKER, What.FREEZE_WORKER_LONG}:
            self._strike_worker(fault)
        else:
            self._strike_supervisor(fault)

    def _strike_redis(self, fault: Fault) -> None:
        if fault.what.is_freeze:
            self._server.freeze()
            self._after(fault.seconds, self._server.thaw)
        else:
            killed = fault.what is What.KILL_REDIS
            self._server.stop(signal.SIGKILL if killed else signal.SIGTERM)
            self._after(fault.seconds, self._server.start)

    def _strike_worker(self, fault: Fault) -> None:
        workers = self.lives.workers_of(self._places[fault.target].pid)
        if not workers:
            print(f"{fault}: it has none just now", flush=True)
            return
        worker = workers[fault.worker % len(workers)]
        print(f"{fault}: process {worker.pid}", flush=True)
        if fault.what is What.KILL_WORKER:
            self.lives.kill(worker)
        else:
            self._freeze(worker, fault.seconds)

    def _freeze(self, life: Life, seconds: float) -> None:
        self.lives.freeze(life)
        self._after(seconds, lambda: self.lives.thaw(life))

    def _strike_supervisor(self, fault: Fault) -> None:
        supervisor = self._places[fault.target]
        life = self.lives.by_pid[supervisor.pid]
        print(f"{fault}: process {life.pid}", flush=True)
        if fault.what.is_freeze:
            self._freeze(life, fault.seconds)
            return
        workers = self.lives.workers_of(supervisor.pid)
        if fault.what is What.STOP:
            self._tell_to_stop(supervisor)
            self._after(LONGEST_STOP, lambda: self._wait(supervisor, 0))
        else:
            self.lives.kill(life)
            for worker in workers:
                if fault.what is What.KILL_TREE:
                    self.lives.kill(worker)
                else:
                    self.lives.tell_to_stop(worker)  # its pipe closes
        self._after(fault.seconds, lambda: self._replace(fault.target))
