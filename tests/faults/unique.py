"""Many processes want the same unique jobs, while those that run them are killed.

Run it with `python -m tests.faults.unique --processes 50 --rounds 1000`. It starts a server,
supervisors and askers of its own. Afterwards each moment of the history of the server is judged by
`unique_verdict`. The exit code is 1 if there was a problem.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import redis

from benchmarks.chaos.runs import Run, read_runs
from jobs.store.keys import QueueKeys
from tests.conftest import free_port, start_server
from tests.faults.askers import Askers
from tests.faults.history import KEEPS_HISTORY, read_history
from tests.faults.nursery import ROOT, Order
from tests.faults.troupe import Troupe, play
from tests.faults.unique_modes import MODES, UNTIL_DONE
from tests.faults.unique_verdict import UniqueJudge
from tests.faults.watcher import Watcher
from tests.waiting import wait_until

SUPERVISORS = 2
#: From the last kill until all jobs have ended, in seconds: leases of the dead, and retries.
PATIENCE = 90.0
_ENDINGS = {"ended", "Discard"}


@dataclass
class Result:
    """What the drill showed."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """How much is asked for, and how often something is killed. Times are seconds."""

    processes: int
    rounds: int
    pause: float
    kill_every: float
    seed: int


class Drill:
    """One run of it, on a server of its own."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder, self._plan = folder, plan
        self._port = free_port()
        self._url = f"redis://127.0.0.1:{self._port}/0"
        self._environment = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "JOBS_REDIS_URL": self._url,
        }
        self._result = Result()
        self._keys = QueueKeys("jobs", "default")

    def run(self) -> Result:
        """Run it and return what was found."""
        server = start_server(self._port, self._folder, *KEEPS_HISTORY)
        try:
            self._play()
        finally:
            server.terminate()
            server.wait()
        self._judge()
        return self._result

    def _play(self) -> None:
        chance = random.Random(self._plan.seed)
        askers = Askers(self._folder, self._environment)
        try:
            with (
                Watcher(self._url, self._keys) as watcher,
                Troupe(SUPERVISORS, self._order, chance) as troupe,
            ):
                askers.ask(self._plan.processes, self._plan.rounds, self._plan.pause)
                askers.send_person()
                play(troupe, askers.are_asking, self._plan.kill_every, chance)
                self._settle(askers)
                codes = troupe.stop()
                self._note_kills(troupe, codes)
            self._note_looks(watcher)
        finally:
            askers.close()

    def _order(self, place: int) -> Order:
        settings = {
            "REDIS_URL": self._url,
            "QUEUES": ["default"],
            "PROCESSES": 2,
            "DEAD_MAX_JOBS": 1_000_000,
        }
        notes, log = self._folder / "notes", self._folder / "workers.log"
        return Order(settings, str(notes), str(log), modules=("tests.faults.unique_jobs",))

    # Afterwards, while the workers still run

    def _settle(self, askers: Askers) -> None:
        """Let all end, enqueue each job once more, and look what is left."""
        self._wait_until_drained("jobs did not end")
        askers.recall_person()
        self._wait_until_drained("retried jobs did not end")
        asked = askers.answers()
        self._result.counts.update(asked.counts)
        if asked.failed:
            self._complain(f"{asked.failed} askers failed")
        self._ask_once_more()
        self._wait_until_drained("the last jobs did not end")
        self._look_at_keys()
        doctor = [sys.executable, "-m", "django", "jobs", "doctor"]
        environment = os.environ | self._environment
        said = subprocess.run(
            doctor, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if said.returncode:
            self._complain(f"the doctor: {said.stdout} {said.stderr}")

    def _ask_once_more(self) -> None:
        last = Askers(self._folder / "last", self._environment)
        (self._folder / "last").mkdir()
        time.sleep(1)  # more than a window
        last.ask_each_once()
        got = last.answers()
        if got.failed or got.counts["in"] != len(MODES):
            self._complain(f"not all of {len(MODES)} could be enqueued at the end: {got.counts}")

    def _wait_until_drained(self, message: str) -> None:
        with redis.Redis.from_url(self._url) as client:
            keys = self._keys

            def is_drained() -> bool:
                return client.hlen(keys.payloads) == client.zcard(keys.dead)

            try:
                wait_until(is_drained, PATIENCE)
            except AssertionError:
                left = {name: client.zcard(getattr(keys, name)) for name in ("ready", "retry")}
                self._complain(f"{message}: {left}, running {client.hgetall(keys.running)}")

    def _look_at_keys(self) -> None:
        keys = self._keys

        def left() -> dict[str, int]:
            # Those who died last keep no key, but their traits.
            sizes = {"unique": client.hlen(keys.unique), "windows": client.zcard(keys.windows)}
            sizes["traits"] = client.hlen(keys.traits) - client.zcard(keys.dead)
            return {name: size for name, size in sizes.items() if size}

        with redis.Redis.from_url(self._url) as client:
            try:
                wait_until(lambda: not left(), 20)
            except AssertionError:
                self._complain(f"left at the end: {left()}, {client.hgetall(keys.unique)}")

    def _note_kills(self, troupe: Troupe, codes: object) -> None:
        self._result.counts.update({f"killed: {what}": n for what, n in troupe.kills.items()})
        if any(codes):
            self._complain(f"exit codes {codes}")

    def _note_looks(self, watcher: Watcher) -> None:
        self._result.counts["looks of the watcher"] = watcher.looks
        for name, most in watcher.most.items():
            if MODES.get(name) == UNTIL_DONE and most > 1:
                self._complain(f"the watcher saw {most} living {name}")

    # Afterwards, by history and notes

    def _judge(self) -> None:
        judge = UniqueJudge(self._keys)
        for unit in read_history(self._folder):
            judge.judge(unit)
        self._result.problems += judge.verdict.problems
        self._result.counts.update(
            {f"history: {name}": count for name, count in judge.verdict.counts.items()}
        )
        runs = read_runs(self._folder / "notes")
        self._judge_runs(judge, {key.partition(":")[2]: found for key, found in runs.items()})
        self._judge_overlaps(runs)

    def _judge_runs(self, judge: UniqueJudge, runs: dict[str, list[Run]]) -> None:
        """Every job has run to an end, has died, or was replaced."""
        for job_id, name in judge.class_of.items():
            hows = {run.how for run in runs.get(job_id, [])}
            is_over = hows & _ENDINGS or job_id in judge.died or job_id in judge.replaced
            if not is_over:
                self._complain(f"{name} {job_id} never ended: {hows}")
        self._result.counts["runs"] = sum(map(len, runs.values()))
        cut = [run for found in runs.values() for run in found if run.ended is None]
        self._result.counts["runs cut off by a kill"] = len(cut)

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
                    self._complain(f"{first.job} ran beside {second.job}")

    def _complain(self, text: str) -> None:
        self._result.problems.append(text)


def drill(plan: Plan, folder: Path | None = None) -> Result:
    """Run it in this folder, or in one that is deleted afterwards."""
    if folder:
        folder.mkdir(parents=True)
        return Drill(folder, plan).run()
    with tempfile.TemporaryDirectory(prefix="makeitso-unique-") as name:
        return Drill(Path(name), plan).run()


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1000, help="enqueues of each process")
    parser.add_argument("--pause", type=float, default=0.1, help="longest time between two of them")
    parser.add_argument("--kill-every", type=float, default=1.0, help="seconds between two kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="history, notes and log")
    options = parser.parse_args()
    began = time.monotonic()
    plan = Plan(options.processes, options.rounds, options.pause, options.kill_every, options.seed)
    result = drill(plan, options.keep)
    for problem in result.problems:
        print(problem)
    for name, count in sorted(result.counts.items()):
        print(f"{count:9,}  {name}")
    print(f"{len(result.problems):9,}  problems\n{time.monotonic() - began:9.0f}  seconds")
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
