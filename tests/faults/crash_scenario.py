"""A scenario of unique jobs in which the sender of one command is killed.

They end, are retried, die, snooze, are discarded, replaced, and keep a result; a schedule ticks
beside them. Whoever sends the command that is struck, a worker or its supervisor, is killed before
Redis sees it, or after Redis has executed it. A client that is struck gives up. Afterwards no key
may be held that nobody has a right to, and each job can be enqueued once more.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos.processes import is_alive
from benchmarks.chaos.runs import read_runs
from jobs.client import Client
from jobs.errors import StoreUnavailable
from jobs.ids import new_job_id
from jobs.payload import Payload
from jobs.store import Claim, NewJob, Store
from tests.faults.link import Struck
from tests.faults.nursery import Nursery, Order
from tests.faults.proxy import Proxy
from tests.faults.pulses import PULSE, pulse_problems
from tests.faults.rules import Rule, never
from tests.faults.senders import sender_of, tree_of
from tests.jobs.worker.made_jobs import broken_jobs, client_of, place_of
from tests.waiting import wait_until

QUEUE = "default"
#: How long the jobs may take after a crash, in seconds. The lease is part of it.
PATIENCE = 40.0
SETTINGS = {"QUEUES": [QUEUE], "LEASE": 2.0, "HEARTBEAT": 0.4, "CONCURRENCY": 3}


@dataclass(frozen=True)
class Part:
    """One unique job.

    `place` is the set that it is in at its end, None if it is gone. `last` is how a run of it ends.
    """

    job_class: str
    claim: Claim
    place: str | None = None
    due: str = "+0"
    last: str = "ended"


PARTS = {
    "quick": Part("QuickJob", Claim("quick")),
    "second": Part("QuickJob", Claim("quick")),
    "retried": Part("FailOnceJob", Claim("retried")),
    "doomed": Part("DoomedJob", Claim("doomed"), "dead", last="OnPurpose"),
    "result": Part("ResultJob", Claim("result"), "done"),
    "discarded": Part("DiscardedJob", Claim("discarded"), last="Discard"),
    "start": Part("SnoozedJob", Claim("start", "start")),
    "window": Part("QuickJob", Claim("window", 1500)),
    "old": Part("QuickJob", Claim("newest", "start", "replace"), due="+300"),
    "newest": Part("QuickJob", Claim("newest", "start", "replace"), due="+300"),
    "debounced": Part("AsyncJob", Claim("late", "start", "debounce", None, 600), due="+200"),
    "debounced-2": Part("AsyncJob", Claim("late", "start", "debounce", None, 600), due="+200"),
}

#: These may be replaced, or be duplicates.
ASIDE = frozenset({"second", "old", "debounced"})


@dataclass
class Report:
    """What one run showed.

    `struck` is the command, `killed` who had sent it. `asked` are the commands of the client, and
    `worked` those of workers and supervisors.
    """

    struck: str | None = None
    killed: str | None = None
    asked: list[str] = field(default_factory=list)
    worked: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    log: str = ""


class CrashScenario:
    """One run of it, in a namespace of its own."""

    def __init__(self, nursery: Nursery, redis_url: str, rule: Rule, *, at_client: bool) -> None:
        """Take who starts workers, the server, and which command is struck on which side."""
        self._nursery, self._redis_url = nursery, redis_url
        self._namespace = f"crash-{new_job_id()}"
        self._store = Store(redis_url, self._namespace, timeout=5.0)
        self._client_side = Proxy(
            redis_url, rule if at_client else never, on_strike=self._give_up, knows_scripts=False
        )
        self._worker_side = Proxy(
            redis_url, never if at_client else rule, on_strike=self._kill, knows_scripts=False
        )
        self._sides = (self._client_side, self._worker_side)
        self._folder = Path(tempfile.mkdtemp(prefix="makeitso-crash-"))
        self._notes, self._log = self._folder / "notes", self._folder / "log"
        self._ids: dict[str, str] = {}
        self._report = Report()
        self._pids: list[int] = []

    def play(self) -> Report:
        """Run it and return what was found."""
        try:
            try:
                self._start()
                self._enqueue(self._client_side.url)
                self._wait_for("the jobs did not end", self._have_ended)
                self._ask_once_more()
                self._pause_pulse()
                self._wait_for("the last jobs did not end", self._have_ended)
                self._wait_for("keys are left", self._are_free)
            finally:
                self._wait_for("nobody began", self._has_begun)
                codes = [self._nursery.stop(pid, PATIENCE) for pid in self._pids]
            self._check(codes[-1])
        finally:
            self._clean_up()
        return self._report

    # Crashes

    def _start(self) -> None:
        settings = {**SETTINGS, "REDIS_URL": self._worker_side.url, "NAMESPACE": self._namespace}
        modules = ("tests.faults.pulse_job",)
        order = Order(settings, str(self._notes), str(self._log), modules)
        self._pids.append(self._nursery.start(order))

    def _give_up(self, struck: Struck) -> None:
        """Let the client that sent it have sent nothing more."""
        self._report.killed = "client"
        self._client_side.go_down()

    def _kill(self, struck: Struck) -> None:
        supervisor = self._pids[-1]
        pid = sender_of(struck.sender, supervisor)
        if pid is None:  # it has ended by itself, in a stop
            return
        self._report.killed = "supervisor" if pid == supervisor else "worker"
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        # Its kernel closes what it had; then nobody can take it for alive.
        wait_until(lambda: not is_alive(pid))

    def _revive(self) -> None:
        """Start another supervisor where the first was killed."""
        if len(self._pids) == 1 and not is_alive(self._pids[0]):
            self._start()

    def _has_begun(self) -> bool:
        """Tell whether the last supervisor has begun.

        Before that a signal ends it as it ends any process.
        """
        return len(tree_of(self._pids[-1])) > 1 or not is_alive(self._pids[-1])

    # Jobs

    def _enqueue(self, url: str) -> dict[str, str]:
        """Push all parts, and return which were duplicates of which."""
        through = Store(url, self._namespace, timeout=PATIENCE)
        duplicates: dict[str, str] = {}
        self._ids = {name: new_job_id() for name in PARTS}
        client = Client(lambda: through, PATIENCE)
        try:
            for name, part in PARTS.items():
                duplicates |= client.push([(QUEUE, _new_job(self._ids[name], name, part))])
        except StoreUnavailable:
            if self._report.killed != "client":
                raise
        finally:
            through.close()
        return duplicates

    def _ask_once_more(self) -> None:
        """Enqueue all again.

        Nobody is in their way, now that the window is over as well.
        """
        first = set(self._ids.values())
        self._wait_for("keys are held", self._are_free)
        self._check_parts()
        duplicates = self._enqueue(self._redis_url)
        for job_id, holder in duplicates.items():
            name = next(key for key, each in self._ids.items() if each == job_id)
            if holder in first:
                self._report.problems.append(f"{name} is kept out by an earlier job {holder}")

    def _have_ended(self) -> bool:
        self._revive()
        client, keys = client_of(self._store), self._store.keys(QUEUE)
        left = client.hlen(keys.payloads) - client.zcard(keys.dead) - client.zcard(keys.done)
        return left == 0

    def _are_free(self) -> bool:
        self._revive()
        client, keys = client_of(self._store), self._store.keys(QUEUE)
        return not (client.hlen(keys.unique) or client.zcard(keys.windows))

    def _pause_pulse(self) -> None:
        key = self._store.keys(QUEUE).schedules
        client_of(self._store).hset(key, f"paused:{PULSE}", "1")

    # Afterwards

    def _check(self, code: int) -> None:
        report = self._report
        report.asked, report.worked = (list(side.names) for side in self._sides)
        struck = [each.command.name for side in self._sides for each in side.struck]
        report.struck = struck[0] if struck else None
        self._check_parts(is_last=True)
        for job_id, where in broken_jobs(self._store, QUEUE):
            report.problems.append(f"{job_id} is {where}")
        # Who was killed while it stopped tells of that.
        if code and not (code == -signal.SIGKILL and report.killed == "supervisor"):
            report.problems.append(f"exit code {code}")
        self._check_keys()
        report.problems += pulse_problems(self._store, QUEUE, read_runs(self._notes))
        report.log = self._log.read_text()

    def _check_parts(self, *, is_last: bool = False) -> None:
        """See that all of a round have ended, or are gone for a reason.

        They were replaced, or duplicates, or in the first round a client that was struck did not
        come to enqueue them.
        """
        all_runs = read_runs(self._notes)
        for name, part in PARTS.items():
            place = place_of(self._store, self._ids[name], QUEUE)
            hows = [run.how for run in all_runs.get(self._ids[name], [])]
            may_be_missing = name in ASIDE or (self._report.killed == "client" and not is_last)
            if may_be_missing and not hows and place is None:
                continue
            if place != part.place or part.last not in hows:
                self._report.problems.append(f"{name} ran {hows}, and is {place or 'gone'}")

    def _check_keys(self) -> None:
        client, keys, sets = client_of(self._store), self._store.keys(QUEUE), self._store.sets
        held = [key.decode() for key in client.hkeys(keys.unique)]
        marked = [job_id.decode() for job_id in client.hkeys(keys.traits)]
        wrong = sets.mend_keys(QUEUE, "keys", held) + sets.mend_keys(QUEUE, "jobs", marked)
        self._report.problems += [f"unique keys: {each}" for each in wrong]
        left = set(client.hkeys(keys.payloads))
        for job_id in set(client.hkeys(keys.traits)) - left:
            self._report.problems.append(f"the trait of {job_id.decode()} is left")

    def _wait_for(self, message: str, condition: Callable[[], bool]) -> None:
        try:
            wait_until(condition, PATIENCE)
        except AssertionError:
            client, keys = client_of(self._store), self._store.keys(QUEUE)
            state = {name: client.hgetall(getattr(keys, name)) for name in ("unique", "running")}
            self._report.problems.append(f"{message} within {PATIENCE:g} s: {state}")

    def _clean_up(self) -> None:
        for side in self._sides:
            side.close()
        wait_until(lambda: not any(map(is_alive, (p for t in self._pids for p in tree_of(t)))))
        client = client_of(self._store)
        for key in client.scan_iter(f"*{self._namespace}*", count=1000):
            client.delete(key)
        self._store.close()
        shutil.rmtree(self._folder)


def _new_job(job_id: str, name: str, part: Part) -> NewJob:
    payload = Payload(
        0, job_id, f"faults.{part.job_class}", QUEUE, args=[job_id], enqueued_at=time.time()
    )
    return NewJob(job_id, payload.encode(), 0, part.due, part.claim)
