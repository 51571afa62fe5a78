"""Measure what a task costs beside a job class.

    python -m benchmarks.task_cost [--rounds 5]

A task and the job class beside it do the same, and keep their results for as long. They take turns:
each round measures both, and their ratio is taken within the round, so that what disturbs the
machine disturbs both. The table shows medians. A ratio of 1.10 is a task that takes 10 % more. On a
machine that others share, CPU times say more than rates.
"""

import argparse
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from benchmarks.measures import Bench, Figures, fresh_bench, tree
from benchmarks.server import Server, wait_for
from benchmarks.subjects import HERE, Checkout, Crew


@dataclass(frozen=True, slots=True)
class Pair:
    """A job class and a task that do the same, in two queues."""

    title: str
    job: str
    job_queue: str
    task: str
    task_queue: str


PAIRS = (
    Pair("results are kept for a day", "jobs.ResultJob", "kept", "tasks.echo", "tasks"),
    Pair("no result is kept", "jobs.NoOpJob", "bench", "tasks.no_op", "bare"),
)
#: Each with its unit, and whether more is better.
FIGURES = {
    "enqueue": ("enqueue, one thread", "/s", True),
    "enqueue_cpu": ("... CPU of the process", "µs", False),
    "using": ("`using(priority=1)` and enqueue", "/s", True),
    "using_cpu": ("... CPU of the process", "µs", False),
    "run": ("run, ten threads", "/s", True),
    "run_cpu": ("... CPU of the worker", "µs", False),
    "redis_cpu": ("CPU of Redis for all of that", "µs", False),
}
#: The share of jobs that are left when the count of a drain begins, and when it ends.
FROM, TO = 0.9, 0.05


@dataclass(frozen=True, slots=True)
class WithTasks(Checkout):
    """This checkout, under settings that have tasks."""

    def environment(self, server: Server) -> dict[str, str]:
        """Return the variables by which its processes find the library, the settings and Redis."""
        own = {"DJANGO_SETTINGS_MODULE": "benchmarks.task_settings"}
        return Checkout.environment(self, server) | own

    def left(self, client: Redis, queue: str) -> int:
        """Count what has not ended: results stay."""
        prefix = f"{{bench:{queue}}}"
        return int(client.hlen(f"{prefix}:payloads") - client.zcard(f"{prefix}:done"))


def main() -> None:
    """Measure by turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    for pair in PAIRS:
        rounds = [
            one_round(pair, asked.jobs, is_task_first=bool(n % 2)) for n in range(asked.rounds)
        ]
        print(f"\n{pair.title}: {asked.rounds} rounds of {asked.jobs:,}")
        print(f"{'':36} {'job class':>12} {'task':>12} {'ratio':>7}   each round")
        for name in FIGURES:
            print(row(name, rounds))


def one_round(pair: Pair, jobs: int, *, is_task_first: bool) -> Mapping[str, Figures]:
    """Measure both of a pair, and return the figures of each."""
    both = {"job": (pair.job, pair.job_queue), "task": (pair.task, pair.task_queue)}
    order = reversed(both) if is_task_first else iter(both)
    return {which: measured(*both[which], jobs) for which in order}


def measured(kind: str, queue: str, jobs: int) -> Figures:
    """Return the figures of one kind."""
    with fresh_bench(WithTasks("this", HERE.parent), 1.0) as bench:
        before = bench.server.cpu_microseconds()
        figures = enqueued("enqueue", bench, kind, jobs)
        figures |= enqueued("using", bench, kind, jobs, priority=1)
        figures |= drained(bench, queue)
        return figures | {"redis_cpu": (bench.server.cpu_microseconds() - before) / (2 * jobs)}


def enqueued(name: str, bench: Bench, kind: str, jobs: int, **options: int) -> Figures:
    """Enqueue so many, and return the rate and the CPU of one."""
    told = bench.subject.client(bench.server, "enqueue", jobs=jobs, threads=1, kind=kind, **options)
    return {name: told["rate"], f"{name}_cpu": told["user"] + told["kernel"]}


def drained(bench: Bench, queue: str) -> Figures:
    """Run what is in a queue, and return rate and CPU.

    The start of the worker does not count.
    """
    jobs = bench.left(queue)
    with bench.subject.working(bench.server, bench.folder, Crew(queues=(queue,))) as processes:
        wait_for(lambda: bench.left(queue) <= FROM * jobs)
        started, first, spent = time.perf_counter(), bench.left(queue), cpu_of(processes)
        wait_for(lambda: bench.left(queue) <= TO * jobs)
        seconds, done = time.perf_counter() - started, first - bench.left(queue)
        spent = cpu_of(processes) - spent
    return {"run": done / seconds, "run_cpu": spent / done * 1e6}


def cpu_of(processes: Sequence[int]) -> float:
    """Return the CPU seconds of processes and all their descendants."""
    ticks = 0
    for pid in tree(processes):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def row(name: str, rounds: list[Mapping[str, Figures]]) -> str:
    """Return one line of the table."""
    title, unit, is_more_better = FIGURES[name]
    job, task = ([told[which][name] for told in rounds] for which in ("job", "task"))
    pairs = zip(job, task, strict=True)
    ratios = [ours / theirs if is_more_better else theirs / ours for ours, theirs in pairs]
    medians = [f"{statistics.median(each):,.0f} {unit}" for each in (job, task)]
    each = " ".join(f"{ratio:.2f}" for ratio in ratios)
    return (
        f"{title:36} {medians[0]:>12} {medians[1]:>12} {statistics.median(ratios):>7.2f}   {each}"
    )


if __name__ == "__main__":
    main()
