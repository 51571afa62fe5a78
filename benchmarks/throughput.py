"""Measure throughput and latency of one worker process: `python -m benchmarks.throughput [--jobs 100000]`.

Starts a Valkey of its own (append-only on) and real workers, with everything on that is on by default: a log line for
each job, the database middleware, leases, statistics. Prints one table; the goal stands beside each figure.
"""

import argparse
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

THREADS = 10


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[None]:
    """Run a server and make it the one that JOBS_REDIS_URL names."""
    from jobs.devredis import find_server

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(find_server()), "--port", str(port), "--dir", str(folder), "--appendonly", "yes", "--save", ""]
    server = subprocess.Popen([*command, "--maxmemory-policy", "noeviction"], stdout=subprocess.DEVNULL)
    os.environ["JOBS_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
    try:
        yield
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def worker(folder: Path, threads: int = THREADS) -> Iterator[None]:
    """Run one worker process; its log goes to a file."""
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "runjobs", "-c", str(threads), "-t", "5"], stderr=log, stdout=log
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


class Bench:
    """The measurements. All share one server; each starts from an empty one."""

    def __init__(self, folder: Path, jobs: int) -> None:
        """Open a client beside the library's own, to look at what happens."""
        import redis

        from jobs.conf import get_settings
        from jobs.store import QueueKeys

        self.folder = folder
        self.jobs = jobs
        self.redis = redis.Redis.from_url(get_settings().redis_url)
        self.keys = QueueKeys("bench", "bench")

    def processed(self) -> int:
        """Return how many jobs are done."""
        return int(self.redis.hget(self.keys.stats, "processed") or 0)

    def has_processed(self, jobs: int) -> bool:
        """Tell whether so many jobs are done."""
        return self.processed() >= jobs

    def wait_for(self, condition: Callable[[], bool]) -> float:
        """Return the moment at which the condition held."""
        while not condition():
            time.sleep(0.002)
        return time.perf_counter()

    def pings(self) -> float:
        """Return round trips a second of the plain client."""
        started = time.perf_counter()
        for _ in range(5000):
            self.redis.ping()
        return 5000 / (time.perf_counter() - started)

    def enqueue_many(self) -> float:
        """Return jobs a second, enqueued in batches of 1,000."""
        from benchmarks.jobs import NoOpJob

        started = time.perf_counter()
        NoOpJob.enqueue_many((number,) for number in range(self.jobs))
        return self.jobs / (time.perf_counter() - started)

    def no_op(self) -> float:
        """Return jobs a second, from the first one done to the last; they were enqueued before."""
        with worker(self.folder):
            first = self.wait_for(lambda: self.processed() > 0)
            before = self.processed()
            last = self.wait_for(lambda: self.processed() >= self.jobs)
        return (self.jobs - before) / (last - first)

    def io_bound(self, jobs: int = 5000) -> float:
        """Return the part of the ideal rate that jobs of 10 ms reach on 10 threads."""
        from benchmarks.jobs import SleepJob

        self.redis.flushall()
        SleepJob.enqueue_many((0.01,) for _ in range(jobs))
        with worker(self.folder):
            first = self.wait_for(lambda: self.processed() > 0)
            before = self.processed()
            last = self.wait_for(lambda: self.processed() >= jobs)
        return (jobs - before) / (last - first) / (THREADS / 0.01)

    def latency(self, jobs: int = 500) -> tuple[float, float]:
        """Return p50 and p99 of the ms from the call of `enqueue` to the first line of `perform`, on an idle worker."""
        from benchmarks.jobs import StampJob

        with self.stamps() as path, worker(self.folder):
            StampJob.enqueue(str(path), time.time())
            self.wait_for(lambda: self.processed() == 1)
            path.write_text("")
            for number in range(jobs):
                time.sleep(0.01)
                StampJob.enqueue(str(path), time.time())
                self.wait_for(partial(self.has_processed, number + 2))
            return percentiles(path)

    def lateness(self, jobs: int = 500) -> tuple[float, float]:
        """Return p50 and p99 of the ms by which scheduled jobs start late, spread over five seconds."""
        from datetime import UTC, datetime

        from benchmarks.jobs import StampJob

        with self.stamps() as path, worker(self.folder):
            start = time.time() + 2
            for number in range(jobs):
                due = start + 5 * number / jobs
                StampJob.using(run_after=datetime.fromtimestamp(due, UTC)).enqueue(str(path), due)
            self.wait_for(lambda: self.processed() >= jobs)
            return percentiles(path)

    @contextlib.contextmanager
    def stamps(self) -> Iterator[Path]:
        """Empty the server and yield a file for jobs to write to."""
        self.redis.flushall()
        path = self.folder / "stamps"
        path.write_text("")
        yield path


def percentiles(path: Path) -> tuple[float, float]:
    """Return p50 and p99 in ms of the seconds in a file."""
    late = sorted(float(line.split()[0]) * 1000 for line in path.read_text().splitlines())
    cuts = statistics.quantiles(late, n=100)
    return cuts[49], cuts[98]


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    with tempfile.TemporaryDirectory(prefix="makeitso-bench-") as name, valkey(Path(name)):
        import django

        django.setup()
        measure(Bench(Path(name), options.jobs))


def measure(bench: Bench) -> None:
    """Print each figure as soon as it is known."""
    bench.wait_for(lambda: is_up(bench))
    pings = bench.pings()
    show("PING round trips of one client", f"{pings:,.0f}/s", "")
    show("enqueue_many", f"{bench.enqueue_many():,.0f} jobs/s", "50,000")
    show(
        f"{bench.jobs:,} no-op jobs, {THREADS} threads",
        f"{bench.no_op():,.0f} jobs/s",
        f"{min(30_000, 5 * pings):,.0f}",
    )
    show(f"10 ms jobs, {THREADS} threads", f"{bench.io_bound():.1%} of 1,000/s", "95%")
    show("idle worker, enqueue to start", "p50 {:.2f} ms, p99 {:.2f} ms".format(*bench.latency()), "1.5 ms, 4 ms")
    show("scheduled jobs, late by", "p50 {:.2f} ms, p99 {:.2f} ms".format(*bench.lateness()), "p99 20 ms")


def is_up(bench: Bench) -> bool:
    """Tell whether the server answers."""
    import redis

    try:
        return bool(bench.redis.ping())
    except redis.ConnectionError:
        return False


def show(what: str, figure: str, goal: str) -> None:
    """Print one line."""
    print(f"{what:36} {figure:34} {'goal ' + goal if goal else ''}", flush=True)


if __name__ == "__main__":
    main()
