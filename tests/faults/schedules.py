"""Three supervisors fire schedules while they are killed and deployed anew.

Run it with `python -m tests.faults.schedules --seconds 240`. Their clocks are minutes apart. Redis
is stopped and killed now and then, and keeps what it had. A deploy changes the time expression, the
arguments and the queue of some entries; it is rolled back, and rolled out again. At the end the
queues are paused. Afterwards `schedule_verdict` reckons each tick by hand. The exit code is 1 if
there was a problem.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis

from benchmarks.chaos.runs import Run, read_runs
from jobs.store import Store
from jobs.store.keys import QueueKeys
from tests.faults.history import read_history
from tests.faults.long_drill import LongDrill, Result, command, in_folder
from tests.faults.nursery import Order
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


@dataclass(frozen=True)
class Plan:
    """How long it takes, and how often something is killed. Times are seconds."""

    seconds: float
    kill_every: float
    restart_every: float
    seed: int


class Drill(LongDrill):
    """One run of it, on a server of its own."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        super().__init__(folder)
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self._keys = [QueueKeys("jobs", queue) for queue in QUEUES]
        self._versions = [1] * len(CLOCKS)

    def play(self) -> None:
        with Troupe(len(CLOCKS), self._order, self._chance) as troupe:
            self._disturb(troupe)
            self._settle(troupe)

    def _order(self, place: int) -> Order:
        settings = {"REDIS_URL": self.server.url, "QUEUES": list(QUEUES), "CONCURRENCY": 10}
        return Order(
            {**settings, "MAX_CRASHES": 1_000},
            str(self.folder / "notes"),
            str(self.folder / "workers.log"),
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
            self.complain(f"a supervisor ended with exit code {code}")
        self.result.counts["deploys"] += 1

    def _restart_server(self) -> None:
        is_kill = self._chance.random() < 0.5
        (self.server.kill if is_kill else self.server.stop)()
        time.sleep(self._chance.uniform(0.1, _AWAY_SECONDS))
        self.server.start()
        self.result.counts["Redis killed" if is_kill else "Redis stopped"] += 1

    # The end

    def _settle(self, troupe: Troupe) -> None:
        """Pause the queues, let all jobs end, and look what is left."""
        with closing(Store(self.server.url, "jobs", timeout=5.0)) as store:
            self._pause(store)
        self.stop(troupe)
        self.ask_doctor()

    def _pause(self, store: Store) -> None:
        for queue in QUEUES:
            store.sets.pause(queue)
        with redis.Redis.from_url(self.server.url) as client:
            before = self._waiting(client)
            time.sleep(_PAUSED_SECONDS)
            after = self._waiting(client)
            self.result.counts["jobs that waited when the queues were paused"] = len(before)
            if piled_up := after - before:
                self.complain(f"{len(piled_up)} jobs piled up while the queues were paused")
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
                self.complain(f"{len(self._waiting(client))} jobs did not end")

    def _paused_entries(self, client: redis.Redis, keys: QueueKeys) -> dict[str, str]:
        names = [key.decode().partition(":") for key in client.hkeys(keys.schedules)]
        return {f"paused:{name}": "1" for kind, _, name in names if kind == "cursor"}

    def _waiting(self, client: redis.Redis) -> set[bytes]:
        return {job_id for keys in self._keys for job_id in client.hkeys(keys.payloads)}

    # Afterwards

    def judge(self) -> None:
        judge = ScheduleJudge(self._keys)
        for unit in read_history(self.folder):
            judge.judge(unit)
        reckoning = judge.finish()
        self.result.problems += reckoning.problems
        self.result.counts.update(reckoning.counts)
        self._judge_runs(reckoning, read_runs(self.folder / "notes"))

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
                self.complain(f"{where} never ran to its end")
            if found.get(where) and not missed[(*where, tick.missed)]:
                self.complain(f"{where} was told another number of missed ticks")
        self.problems_of_strangers(found.keys() - fired.keys())
        again = sum(len(mine) > 1 for mine in found.values())
        self.result.counts["ticks that ran again after a kill"] = again
        self.result.counts["schedules"] = len(reckoning.ticks)
        self.result.counts["ticks in all"] = sum(map(len, reckoning.ticks.values()))

    def problems_of_strangers(self, strangers: set[tuple[str, int]]) -> None:
        """Complain of runs for ticks that nobody fired."""
        for name, at in strangers:
            self.complain(f"{name} ran for {at}, which nobody fired")


def drill(plan: Plan, folder: Path | None = None) -> Result:
    """Run it in this folder, or in one that is deleted afterwards."""
    return in_folder("schedules", lambda path: Drill(path, plan).run(), folder)


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--kill-every", type=float, default=2.0, help="seconds between two kills")
    parser.add_argument("--restart-every", type=float, default=15.0, help="the same of Redis")

    def run(wanted: argparse.Namespace) -> Result:
        times = (wanted.seconds, wanted.kill_every, wanted.restart_every)
        return drill(Plan(*times, wanted.seed), wanted.keep)

    return command(parser, run)


if __name__ == "__main__":
    sys.exit(main())
