"""Many processes want the same unique jobs, while those that run them are killed.

Run it with `python -m tests.faults.unique --processes 50 --rounds 1000`. It starts a server,
supervisors and askers of its own. Afterwards each moment of the history of the server is judged by
`unique_verdict`. The exit code is 1 if there was a problem.
"""

import argparse
import random
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import redis

from benchmarks.chaos.runs import Run, read_runs
from jobs.store.keys import QueueKeys
from tests.faults.askers import Askers
from tests.faults.history import read_history
from tests.faults.long_drill import LongDrill, Result, command, in_folder
from tests.faults.nursery import Order
from tests.faults.troupe import Troupe, play
from tests.faults.unique_modes import MODES, UNTIL_DONE
from tests.faults.unique_verdict import UniqueJudge
from tests.faults.watcher import Watcher
from tests.waiting import wait_until

SUPERVISORS = 2
#: From the last kill until all jobs have ended, in seconds: leases of the dead, and retries.
PATIENCE = 90.0
_ENDINGS = {"ended", "Discard"}


@dataclass(frozen=True)
class Plan:
    """How much is asked for, and how often something is killed. Times are seconds."""

    processes: int
    rounds: int
    pause: float
    kill_every: float
    seed: int


class Drill(LongDrill):
    """One run of it, on a server of its own."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        super().__init__(folder)
        self._plan = plan
        self._keys = QueueKeys("jobs", "default")

    def play(self) -> None:
        chance = random.Random(self._plan.seed)
        askers = Askers(self.folder, self.environment)
        try:
            with (
                Watcher(self.server.url, self._keys) as watcher,
                Troupe(SUPERVISORS, self._order, chance) as troupe,
            ):
                askers.ask(self._plan.processes, self._plan.rounds, self._plan.pause)
                askers.send_person()
                play(troupe, askers.are_asking, self._plan.kill_every, chance)
                self._settle(askers)
                self.stop(troupe)
            self._note_looks(watcher)
        finally:
            askers.close()

    def _order(self, place: int) -> Order:
        settings = {
            "REDIS_URL": self.server.url,
            "QUEUES": ["default"],
            "PROCESSES": 2,
            "DEAD_MAX_JOBS": 1_000_000,
        }
        notes, log = self.folder / "notes", self.folder / "workers.log"
        return Order(settings, str(notes), str(log), modules=("tests.faults.unique_jobs",))

    # Afterwards, while the workers still run

    def _settle(self, askers: Askers) -> None:
        """Let all end, enqueue each job once more, and look what is left."""
        self._wait_until_drained("jobs did not end")
        askers.recall_person()
        self._wait_until_drained("retried jobs did not end")
        asked = askers.answers()
        self.result.counts.update(asked.counts)
        if asked.failed:
            self.complain(f"{asked.failed} askers failed")
        self._ask_once_more()
        self._wait_until_drained("the last jobs did not end")
        self._look_at_keys()
        self.ask_doctor()

    def _ask_once_more(self) -> None:
        last = Askers(self.folder / "last", self.environment)
        (self.folder / "last").mkdir()
        time.sleep(1)  # more than a window
        last.ask_each_once()
        got = last.answers()
        if got.failed or got.counts["in"] != len(MODES):
            self.complain(f"not all of {len(MODES)} could be enqueued at the end: {got.counts}")

    def _wait_until_drained(self, message: str) -> None:
        with redis.Redis.from_url(self.server.url) as client:
            keys = self._keys

            def is_drained() -> bool:
                return client.hlen(keys.payloads) == client.zcard(keys.dead)

            try:
                wait_until(is_drained, PATIENCE)
            except AssertionError:
                left = {name: client.zcard(getattr(keys, name)) for name in ("ready", "retry")}
                self.complain(f"{message}: {left}, running {client.hgetall(keys.running)}")

    def _look_at_keys(self) -> None:
        keys = self._keys

        def left() -> dict[str, int]:
            # Those who died last keep no key, but their traits.
            sizes = {"unique": client.hlen(keys.unique), "windows": client.zcard(keys.windows)}
            sizes["traits"] = client.hlen(keys.traits) - client.zcard(keys.dead)
            return {name: size for name, size in sizes.items() if size}

        with redis.Redis.from_url(self.server.url) as client:
            try:
                wait_until(lambda: not left(), 20)
            except AssertionError:
                self.complain(f"left at the end: {left()}, {client.hgetall(keys.unique)}")

    def _note_looks(self, watcher: Watcher) -> None:
        self.result.counts["looks of the watcher"] = watcher.looks
        for name, most in watcher.most.items():
            if MODES.get(name) == UNTIL_DONE and most > 1:
                self.complain(f"the watcher saw {most} living {name}")

    # Afterwards, by history and notes

    def judge(self) -> None:
        judge = UniqueJudge(self._keys)
        for unit in read_history(self.folder):
            judge.judge(unit)
        self.result.problems += judge.verdict.problems
        self.result.counts.update(
            {f"history: {name}": count for name, count in judge.verdict.counts.items()}
        )
        runs = read_runs(self.folder / "notes")
        self._judge_runs(judge, {key.partition(":")[2]: found for key, found in runs.items()})
        self._judge_overlaps(runs)

    def _judge_runs(self, judge: UniqueJudge, runs: dict[str, list[Run]]) -> None:
        """Every job has run to an end, has died, or was replaced."""
        for job_id, name in judge.class_of.items():
            hows = {run.how for run in runs.get(job_id, [])}
            is_over = hows & _ENDINGS or job_id in judge.died or job_id in judge.replaced
            if not is_over:
                self.complain(f"{name} {job_id} never ended: {hows}")
        self.result.counts["runs"] = sum(map(len, runs.values()))
        cut = [run for found in runs.values() for run in found if run.ended is None]
        self.result.counts["runs cut off by a kill"] = len(cut)

    def _judge_overlaps(self, runs: dict[str, list[Run]]) -> None:
        """Until done, no two run at a time.

        A run that was cut off has ended, though nobody knows when.
        """
        for name in [name for name, mode in MODES.items() if mode == UNTIL_DONE]:
            mine = [
                run for key, found in runs.items() if key.startswith(name + ":") for run in found
            ]
            ordered = sorted((run for run in mine if run.ended), key=lambda run: run.began)
            for first, second in pairwise(ordered):
                if second.began < (first.ended or 0.0):
                    self.complain(f"{first.job} ran beside {second.job}")


def drill(plan: Plan, folder: Path | None = None) -> Result:
    """Run it in this folder, or in one that is deleted afterwards."""
    return in_folder("unique", lambda path: Drill(path, plan).run(), folder)


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1000, help="enqueues of each process")
    parser.add_argument("--pause", type=float, default=0.1, help="longest time between two of them")
    parser.add_argument("--kill-every", type=float, default=1.0, help="seconds between two kills")

    def run(wanted: argparse.Namespace) -> Result:
        counts = (wanted.processes, wanted.rounds)
        return drill(Plan(*counts, wanted.pause, wanted.kill_every, wanted.seed), wanted.keep)

    return command(parser, run)


if __name__ == "__main__":
    sys.exit(main())
