"""The fixed scenario of the fault drills.

It has a job for each way to end, a schedule, and a stop in the middle of two more jobs.

Everything passes a proxy that breaks the connection once. Afterwards each job must have run as
often as it should, and be where it should.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos.runs import Run, overlaps, read_runs
from jobs.client import Client
from jobs.errors import StoreUnavailable
from jobs.ids import new_job_id
from jobs.payload import Payload
from jobs.store import Claim, NewJob, Store
from tests.faults.nursery import Nursery, Order
from tests.faults.proxy import Proxy
from tests.faults.pulses import pulse_problems, ticks_in
from tests.faults.rules import Rule
from tests.jobs.worker.made_jobs import broken_jobs, client_of, place_of, stat
from tests.waiting import wait_until

QUEUES = ("high", "default")
#: How long the jobs may take, and the worker to stop, in seconds; far more than either needs.
PATIENCE = 15.0


@dataclass(frozen=True)
class Part:
    """What one job is to do.

    `runs`: how each of its runs ends. `place`: the set it is in at the end, None if it is gone.
    With a `claim` it is unique.
    """

    job_class: str
    runs: tuple[str, ...]
    place: str | None = None
    queue: str = "default"
    due: str = "+0"
    claim: Claim | None = None


PARTS = {
    "quick": Part("QuickJob", ("ended",)),
    "high": Part("QuickJob", ("ended",), queue="high"),
    "scheduled": Part("QuickJob", ("ended",), due="+150"),
    "result": Part("ResultJob", ("ended",), "done"),
    "failing": Part("FailOnceJob", ("OnPurpose", "ended")),
    "failing-high": Part("FailOnceJob", ("OnPurpose", "ended"), queue="high"),
    "doomed": Part("DoomedJob", ("OnPurpose",), "dead"),
    "discarded": Part("DiscardedJob", ("Discard",)),
    "snoozed": Part("SnoozedJob", ("Snooze", "ended")),
    "async": Part("AsyncJob", ("ended",)),
    "unique": Part("FailOnceJob", ("OnPurpose", "ended"), claim=Claim("failing")),
    "duplicate": Part("QuickJob", (), claim=Claim("failing")),
    "unique-quick": Part("QuickJob", ("ended",), claim=Claim("quick")),
    "unique-start": Part("SnoozedJob", ("Snooze", "ended"), claim=Claim("start", "start")),
    "unique-doomed": Part("DoomedJob", ("OnPurpose",), "dead", claim=Claim("doomed")),
}
#: These are running when the worker is told to stop.
LAST_PARTS = {
    "patient": Part("PatientJob", ("ended",)),
    "stubborn": Part("StubbornJob", ("JobInterrupted",), "ready", claim=Claim("stubborn")),
}
ALL_PARTS = {**PARTS, **LAST_PARTS}


@dataclass
class Report:
    """What one run of the scenario showed.

    `struck` names the command that met the fault, None if none did.
    """

    struck: str | None = None
    commands: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    log: str = ""

    @property
    def problems(self) -> list[str]:
        """Return a line for everything that is not as it should be."""
        found = {"lost": self.lost, "ran again": self.duplicates, "broken": self.broken}
        named = [f"{name}: {line}" for name, lines in found.items() for line in lines]
        return named + self.others

    @property
    def is_harmless(self) -> bool:
        """Whether there is a problem, but no job that is lost or ran twice."""
        return bool(self.others) and not (self.lost or self.duplicates or self.broken)

    @property
    def was_silent(self) -> bool:
        """Whether the main loop of the worker did not turn for half a second.

        So the stop may have come to its end too soon.
        """
        return "worker.silent" in self.log


class Scenario:
    """One run of it, in a namespace of its own."""

    def __init__(self, nursery: Nursery, redis_url: str, rule: Rule) -> None:
        """Take who starts the worker, the server, and what breaks."""
        self._nursery = nursery
        self._proxy = Proxy(redis_url, rule, knows_scripts=False)
        self._namespace = f"drill-{new_job_id()}"
        self._store = Store(redis_url, self._namespace, timeout=5.0)
        self._folder = Path(tempfile.mkdtemp(prefix="makeitso-drill-"))
        self._notes = self._folder / "notes"
        self._ids: dict[str, str] = {}
        self._report = Report()

    def play(self) -> Report:
        """Run it and return what was found."""
        through = Store(self._proxy.url, self._namespace, timeout=1.0)
        settings = {"REDIS_URL": self._proxy.url, "NAMESPACE": self._namespace}
        log = self._folder / "log"
        try:
            modules = ("tests.faults.pulse_job",)
            pid = self._nursery.start(Order(settings, str(self._notes), str(log), modules))
            try:
                self._enqueue(Client(lambda: through, 2.0), PARTS)
                self._wait_for("jobs did not end", lambda: self._are_in_place(PARTS))
                self._wait_for("no tick was fired", lambda: ticks_in(self._runs))
                self._enqueue(Client(lambda: through, 2.0), LAST_PARTS)
                self._wait_for("jobs did not begin", lambda: LAST_PARTS.keys() <= self._runs.keys())
            finally:
                code = self._nursery.stop(pid, PATIENCE)
            self._check(code)
            self._report.log = log.read_text()
        finally:
            through.close()
            self._clean_up()
        return self._report

    def _enqueue(self, client: Client, parts: dict[str, Part]) -> None:
        jobs = []
        for key, part in parts.items():
            self._ids[key] = new_job_id()
            payload = Payload(
                0,
                self._ids[key],
                f"faults.{part.job_class}",
                part.queue,
                args=[key],
                enqueued_at=time.time(),
            )
            jobs.append((part.queue, NewJob(payload.id, payload.encode(), 0, part.due, part.claim)))
        try:
            client.push(jobs)
        except StoreUnavailable as error:
            self._report.others.append(f"the push failed: {error}")

    def _wait_for(self, message: str, condition: Callable[[], bool]) -> None:
        try:
            wait_until(condition, PATIENCE)
        except AssertionError:
            self._report.others.append(f"{message} within {PATIENCE:g} s")

    def _are_in_place(self, parts: dict[str, Part]) -> bool:
        return all(self._place(key, part) == part.place for key, part in parts.items())

    def _place(self, key: str, part: Part) -> str | None:
        return place_of(self._store, self._ids[key], part.queue)

    @property
    def _runs(self) -> dict[str, list[Run]]:
        return read_runs(self._notes)

    # Afterwards

    def _check(self, code: int) -> None:
        report = self._report
        report.commands = list(self._proxy.names)
        report.struck = self._proxy.struck[0].command.name if self._proxy.struck else None
        runs = self._runs
        for key, part in ALL_PARTS.items():
            self._check_job(key, part, runs.get(key, []))
        report.others += pulse_problems(self._store, "default", runs)
        broken = broken_jobs(self._store, *QUEUES)
        report.broken += [f"{job_id} is {where}" for job_id, where in broken]
        report.others += [f"exit code {code}"] if code else []
        for queue in QUEUES:
            self._check_queue(queue)

    def _check_job(self, key: str, part: Part, runs: list[Run]) -> None:
        hows = tuple(run.how or "no end" for run in runs)
        place = self._place(key, part)
        said = f"{key}: {', '.join(hows) or 'never ran'}; now {place or 'gone'}"
        if len(hows) > len(part.runs) or overlaps(runs):
            self._report.duplicates.append(said)
        elif hows != part.runs and place is None:
            self._report.lost.append(said)
        elif (hows, place) != (part.runs, part.place):
            expected = f"{', '.join(part.runs)}; {part.place or 'gone'}"
            self._report.others.append(f"{said}, not {expected}")

    def _check_queue(self, queue: str) -> None:
        keys, client = self._store.keys(queue), client_of(self._store)
        if running := client.hgetall(keys.running):
            self._report.others.append(f"still running: {running}")
        if leases := client.zrange(keys.leases, 0, -1):
            self._report.others.append(f"leases left: {leases}")
        if crashed := stat(self._store, "crashed", queue):
            self._report.others.append(f"{crashed} jobs were counted as crashed")
        self._check_keys(queue)

    def _check_keys(self, queue: str) -> None:
        """Only jobs that still wait may hold their unique keys."""
        kept = client_of(self._store).hgetall(self._store.keys(queue).unique)
        held = {key.decode(): job_id.decode() for key, job_id in kept.items()}
        alive = {
            part.claim.key: self._ids[name]
            for name, part in ALL_PARTS.items()
            if part.claim and part.place == "ready" and part.queue == queue
        }
        if held != alive:
            self._report.others.append(f"unique keys: {held}, not {alive}")

    def _clean_up(self) -> None:
        self._proxy.close()
        client = client_of(self._store)
        with client.pipeline(transaction=False) as pipe:
            for key in client.scan_iter(f"*{self._namespace}*", count=1000):
                pipe.delete(key)
            pipe.execute()
        self._store.close()
        shutil.rmtree(self._folder)
