"""Three supervisors fire schedules while they are killed and deployed anew.

Run it with `python -m tests.faults.schedules --seconds 240`. Their clocks are minutes apart. Redis
is stopped and killed now and then, and keeps what it had. A deploy changes the time expression, the
arguments and the queue of some entries; it is rolled back, and rolled out again. At the end the
queues are paused. Afterwards `schedule_verdict` reckons each tick by hand. The exit code is 1 if
there was a problem.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import redis

from benchmarks.chaos.runs import Run, read_runs
from jobs.store import Store
from jobs.store.keys import QueueKeys
from tests.conftest import free_port, start_server
from tests.faults.history import KEEPS_HISTORY, read_history
from tests.faults.nursery import ROOT, Order
from tests.faults.periodic_plan import VERSION_VARIABLE
from tests.faults.schedule_verdict import Reckoning, ScheduleJudge
from tests.faults.troupe import Troupe
from tests.waiting import wait_until

QUEUES = ("high", "default")
#: By how many seconds the clock of each machine is wrong.
CLOCKS = (0.0, 300.0, -420.0)
#: How many ticks are missed at least while the queues are paused.
_PAUSED_SECONDS = 6.0
#: The longest time that Redis is away.
_AWAY_SECONDS = 3.0
PATIENCE = 60.0


@dataclass
class Result:
    """What the drill showed."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """How long it takes, and how often something is killed. Times are seconds."""

    seconds: float
    kill_every: float
    restart_every: float
    seed: int


class Drill:
    """One run of it, on a server of its own."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder, self._plan = folder, plan
        self._chance = random.Random(plan.seed)
        self._port = free_port()
        self._url = f"redis://127.0.0.1:{self._port}/0"
        self._keys = [QueueKeys("jobs", queue) for queue in QUEUES]
        self._versions = [1] * len(CLOCKS)
        self._server: subprocess.Popen[bytes] | None = None
        self._result = Result()

    def run(self) -> Result:
        """Run it and return what was found."""
        self._start_server()
        try:
            with Troupe(len(CLOCKS), self._order, self._chance) as troupe:
                self._disturb(troupe)
                self._settle(troupe)
        finally:
            self._stop_server(kill=False)
        self._judge()
        return self._result

    def _order(self, place: int) -> Order:
        settings = {"REDIS_URL": self._url, "QUEUES": list(QUEUES), "CONCURRENCY": 10}
        return Order(
            {**settings, "MAX_CRASHES": 1_000},
            str(self._folder / "notes"),
            str(self._folder / "workers.log"),
            modules=("tests.faults.periodic_jobs",),
            environment={VERSION_VARIABLE: str(self._versions[place])},
            clock_ahead=CLOCKS[place],
        )

    # What happens

    def _disturb(self, troupe: Troupe) -> None:
        """Do all that is planned, each at its time."""
        plan = self._plan
        actions: list[tuple[float, Callable[[], None]]] = []
        actions += [(at, troupe.kill_one) for at in self._times(plan.kill_every)]
        actions += [(at, self._restart_server) for at in self._times(plan.restart_every)]
        for share, version in ((0.25, 2), (0.5, 1), (0.75, 2)):
            for place in range(len(CLOCKS)):
                deploy = partial(self._deploy, troupe, place, version)
                actions.append((plan.seconds * share + place, deploy))
        began = time.monotonic()
        for at, action in sorted(actions, key=lambda each: each[0]):
            time.sleep(max(0.0, began + at - time.monotonic()))
            action()
        time.sleep(max(0.0, began + plan.seconds - time.monotonic()))

    def _times(self, every: float) -> list[float]:
        found, at = [], 3.0
        while at < self._plan.seconds:
            found.append(at)
            at += every * self._chance.uniform(0.5, 1.5)
        return found

    def _deploy(self, troupe: Troupe, place: int, version: int) -> None:
        """Stop one supervisor in good order, and start one with this version."""
        self._versions[place] = version
        if code := troupe.replace(place):
            self._complain(f"a supervisor ended with exit code {code}")
        self._result.counts["deploys"] += 1

    def _restart_server(self) -> None:
        is_kill = self._chance.random() < 0.5
        self._stop_server(kill=is_kill)
        time.sleep(self._chance.uniform(0.1, _AWAY_SECONDS))
        self._start_server()
        self._result.counts["Redis killed" if is_kill else "Redis stopped"] += 1

    def _start_server(self) -> None:
        self._server = start_server(self._port, self._folder, *KEEPS_HISTORY)

    def _stop_server(self, *, kill: bool) -> None:
        if self._server:
            (self._server.kill if kill else self._server.terminate)()
            self._server.wait()
            self._server = None

    # The end

    def _settle(self, troupe: Troupe) -> None:
        """Pause the queues, let all jobs end, and look what is left."""
        with closing(Store(self._url, "jobs", timeout=5.0)) as store:
            self._pause(store)
        self._result.counts.update({f"killed: {what}": n for what, n in troupe.kills.items()})
        codes = troupe.stop()
        if any(codes):
            self._complain(f"exit codes {codes}")
        doctor = subprocess.run(
            [sys.executable, "-m", "django", "jobs", "doctor"],
            cwd=ROOT,
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", "JOBS_REDIS_URL": self._url},
            capture_output=True,
            text=True,
            check=False,
        )
        if doctor.returncode:
            self._complain(f"the doctor: {doctor.stdout} {doctor.stderr}")

    def _pause(self, store: Store) -> None:
        for queue in QUEUES:
            store.sets.pause(queue)
        with redis.Redis.from_url(self._url) as client:
            before = self._waiting(client)
            time.sleep(_PAUSED_SECONDS)
            after = self._waiting(client)
            self._result.counts["jobs that waited when the queues were paused"] = len(before)
            if piled_up := after - before:
                self._complain(f"{len(piled_up)} jobs piled up while the queues were paused")
            for queue in QUEUES:
                store.sets.resume(queue)
            time.sleep(2.5)  # ticks come again
            # The last ticks are not to be fired any more.
            for queue in QUEUES:
                store.sets.pause(queue)
            time.sleep(1.5)
            for keys in self._keys:
                client.hset(keys.schedules, mapping=self._paused_entries(client, keys))
            for queue in QUEUES:
                store.sets.resume(queue)
            try:
                wait_until(lambda: not self._waiting(client), PATIENCE)
            except AssertionError:
                self._complain(f"{len(self._waiting(client))} jobs did not end")

    def _paused_entries(self, client: redis.Redis, keys: QueueKeys) -> dict[str, str]:
        names = [key.decode().partition(":") for key in client.hkeys(keys.schedules)]
        return {f"paused:{name}": "1" for kind, _, name in names if kind == "cursor"}

    def _waiting(self, client: redis.Redis) -> set[bytes]:
        return {job_id for keys in self._keys for job_id in client.hkeys(keys.payloads)}

    # Afterwards

    def _judge(self) -> None:
        judge = ScheduleJudge(self._keys)
        for unit in read_history(self._folder):
            judge.judge(unit)
        reckoning = judge.finish()
        self._result.problems += reckoning.problems
        self._result.counts.update(reckoning.counts)
        self._judge_runs(reckoning, read_runs(self._folder / "notes"))

    def _judge_runs(self, reckoning: Reckoning, runs: dict[str, list[Run]]) -> None:
        """Each tick that was fired has run, and no other."""
        found: dict[tuple[str, int], list[Run]] = {}
        missed: Counter[tuple[str, int, int]] = Counter()
        for key, mine in runs.items():
            name, at, told, _ = key.split("@")
            found.setdefault((name, int(at)), []).extend(mine)
            missed[name, int(at), int(told)] += 1
        fired = {
            (tick.name, tick.at): tick
            for ticks in reckoning.ticks.values()
            for tick in ticks
            if tick.word == "fired"
        }
        for where, tick in fired.items():
            if not any(run.how == "ended" for run in found.get(where, [])):
                self._complain(f"{where} never ran to its end")
            if found.get(where) and not missed[(*where, tick.missed)]:
                self._complain(f"{where} was told another number of missed ticks")
        self.problems_of_strangers(found.keys() - fired.keys())
        again = sum(len(mine) > 1 for mine in found.values())
        self._result.counts["ticks that ran again after a kill"] = again
        self._result.counts["schedules"] = len(reckoning.ticks)
        self._result.counts["ticks in all"] = sum(map(len, reckoning.ticks.values()))

    def problems_of_strangers(self, strangers: set[tuple[str, int]]) -> None:
        """Complain of runs for ticks that nobody fired."""
        for name, at in strangers:
            self._complain(f"{name} ran for {at}, which nobody fired")

    def _complain(self, text: str) -> None:
        self._result.problems.append(text)


def drill(plan: Plan, folder: Path | None = None) -> Result:
    """Run it in this folder, or in one that is deleted afterwards."""
    if folder:
        folder.mkdir(parents=True)
        return Drill(folder, plan).run()
    with tempfile.TemporaryDirectory(prefix="makeitso-schedules-") as name:
        return Drill(Path(name), plan).run()


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--kill-every", type=float, default=2.0, help="seconds between two kills")
    parser.add_argument("--restart-every", type=float, default=15.0, help="the same of Redis")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="history, notes and log")
    options = parser.parse_args()
    began = time.monotonic()
    plan = Plan(options.seconds, options.kill_every, options.restart_every, options.seed)
    result = drill(plan, options.keep)
    for problem in result.problems:
        print(problem)
    for name, count in sorted(result.counts.items()):
        print(f"{count:9,}  {name}")
    print(f"{len(result.problems):9,}  problems\n{time.monotonic() - began:9.0f}  seconds")
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
