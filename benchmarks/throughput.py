"""Measure this checkout: `python -m benchmarks.throughput [--jobs 100000]`.

Starts a Valkey of its own (append-only on) and real workers, with everything on that is on by
default: a log line for each job, the database middleware, leases, statistics. Prints one table;
the goal stands beside each figure.
`benchmarks/compare.py` measures more, and several checkouts side by side.
"""

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measures import (
    Bench,
    Figures,
    enqueue,
    fresh_bench,
    idle_latency,
    lateness,
    no_op,
    waiting,
)
from benchmarks.server import serving
from benchmarks.subjects import HERE, Checkout

#: Jobs that `no_op` takes at a scale of 1.
FULL = 300_000


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[None]:
    """Run a server and make it the one that JOBS_REDIS_URL names."""
    with serving(folder) as server:
        os.environ["JOBS_REDIS_URL"] = server.url
        yield


def main() -> None:
    """Measure everything and print the table, each figure as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    scale = parser.parse_args().jobs / FULL
    microseconds = measured(lambda bench: {"ping": bench.server.ping_microseconds()}, scale)["ping"]
    show("PING round trip", f"{microseconds:.0f} µs", "")
    told = measured(enqueue, scale)
    show("enqueue, 1 and 4 threads", "{enqueue_1:,.0f} and {enqueue_4:,.0f} jobs/s", "", told)
    told = measured(no_op, scale)
    show("enqueue_many", "{bulk:,.0f} jobs/s", "50,000", told)
    goal = f"{min(30_000, 5e6 / microseconds):,.0f}"
    show("no-op jobs, 10 threads", "{drain:,.0f} jobs/s", goal, told)
    show(
        "10 ms jobs, 10 threads", "{waiting_10:.1f} % of 1,000/s", "95 %", measured(waiting, scale)
    )
    told = measured(idle_latency, scale)
    show("idle worker, enqueue to start", "p50 {p50:.2f}, p99 {p99:.2f} ms", "1.5 ms, 4 ms", told)
    told = measured(lateness, scale)
    show("scheduled jobs, late by", "p50 {late_p50:.2f}, p99 {late_p99:.2f} ms", "p99 20 ms", told)


def measured(measure: Callable[[Bench], Figures], scale: float) -> Figures:
    """Return the figures of one measurement, on a server of its own."""
    with fresh_bench(Checkout("this", HERE.parent), scale) as bench:
        return measure(bench)


def show(what: str, figure: str, goal: str, told: Figures | None = None) -> None:
    """Print one line."""
    text = figure.format(**(told or {}))
    print(f"{what:34} {text:34} {'goal ' + goal if goal else ''}", flush=True)


if __name__ == "__main__":
    main()
