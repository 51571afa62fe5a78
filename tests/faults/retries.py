"""Many jobs that fail once are tried again at once, over a bad network.

Run it with `python -m tests.faults.retries --jobs 3000`. The answer to each failure comes 40 ms
late, and one answer to a fetch in fifty is lost. So a job is back under the same worker's name
before its process knows that its failure was recorded, and may be taken for its earlier run.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.runs import Run, overlaps, read_runs
from jobs.ids import new_job_id
from jobs.payload import Payload
from jobs.store import NewJob, Store
from tests.faults.lanes import server_of_drill
from tests.faults.nursery import Nursery, Order
from tests.faults.proxy import Proxy
from tests.faults.rules import Fault, Kind, every, first_of
from tests.jobs.worker.made_jobs import broken_jobs, client_of
from tests.waiting import wait_until

FAIL_LATE_SECONDS = 0.04
LOSES_ONE_FETCH_IN = 50
#: How long the second run of a job takes, in seconds: it is still on when the late answer to the
#: first one comes.
SECOND_RUN_SECONDS = 0.15
THREADS = 20
MOST_AT_A_TIME = 16
EXPECTED = ("OnPurpose", "ended")


@dataclass(frozen=True)
class Result:
    """What the drill showed: jobs by key, and how many fetch answers were lost."""

    wrong: dict[str, list[Run]]
    at_once: list[str]
    left: int
    broken: list[tuple[str, str]]
    lost_fetches: int

    @property
    def problems(self) -> list[str]:
        """Return a line for each kind of problem, with its number."""
        found = {
            "jobs ran twice at the same time": len(self.at_once),
            "jobs did not run exactly twice": len(self.wrong),
            "jobs did not end": self.left,
            "jobs break the invariant": len(self.broken),
        }
        return [f"{count} {what}" for what, count in found.items() if count]


def drill(redis_url: str, jobs: int) -> Result:
    """Run it with so many jobs."""
    rule = first_of(
        every(1, "fail", Fault(Kind.LATE, FAIL_LATE_SECONDS)),
        every(LOSES_ONE_FETCH_IN, "fetch", Fault(Kind.AFTER)),
    )
    namespace = f"drill-{new_job_id()}"
    with tempfile.TemporaryDirectory(prefix="makeitso-drill-") as name:
        folder, store, proxy = Path(name), Store(redis_url, namespace, 5.0), Proxy(redis_url, rule)
        try:
            with _worker(proxy.url, namespace, folder):
                _feed(store, jobs)
                _wait_until_drained(store)
            return _result(store, read_runs(folder / "notes"), len(proxy.struck_by("fetch")))
        finally:
            proxy.close()
            store.close()


def _feed(store: Store, count: int) -> None:
    """Push so many jobs, a few at a time.

    A job that comes back must find a free thread, and no others before it.
    """
    keys, client = store.keys("default"), client_of(store)
    pushed = 0

    def push_some() -> bool:
        nonlocal pushed
        room = MOST_AT_A_TIME - client.hlen(keys.payloads)
        jobs = [_job(number) for number in range(pushed, min(pushed + room, count))]
        if jobs:
            store.intake.push("default", jobs)
            pushed += len(jobs)
        return pushed >= count

    wait_until(push_some, timeout=20 + count / 20)


def _job(number: int) -> NewJob:
    arguments = [f"job-{number}", SECOND_RUN_SECONDS]
    payload = Payload(0, new_job_id(), "faults.FailOnceJob", "default", args=arguments)
    return NewJob(payload.id, payload.encode(), 0)


@contextmanager
def _worker(url: str, namespace: str, folder: Path) -> Iterator[None]:
    settings = {
        "REDIS_URL": url,
        "NAMESPACE": namespace,
        "CONCURRENCY": THREADS,
        "QUEUES": ["default"],
    }
    nursery = Nursery()
    try:
        pid = nursery.start(Order(settings, str(folder / "notes"), str(folder / "log")))
        try:
            yield
        finally:
            nursery.stop(pid, patience=10)
    finally:
        nursery.close()


def _wait_until_drained(store: Store) -> None:
    keys, client = store.keys("default"), client_of(store)
    try:
        wait_until(lambda: client.hlen(keys.payloads) == 0, timeout=20)
    except AssertionError:
        return  # what is left is counted


def _result(store: Store, runs: dict[str, list[Run]], lost_fetches: int) -> Result:
    return Result(
        wrong={key: found for key, found in runs.items() if _hows(found) != EXPECTED},
        at_once=[key for key, found in runs.items() if overlaps(found)],
        left=client_of(store).hlen(store.keys("default").payloads),
        broken=broken_jobs(store),
        lost_fetches=lost_fetches,
    )


def _hows(runs: list[Run]) -> tuple[str, ...]:
    return tuple(run.how for run in runs)


def main() -> int:
    """Run the drill against a server of its own and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=3000)
    options = parser.parse_args()
    with server_of_drill("retries") as url:
        result = drill(url, options.jobs)
    print(f"{options.jobs:,} jobs that fail once; {result.lost_fetches} fetch answers were lost.")
    good = "Each ran exactly twice, never both at a time, and the invariant holds."
    print("\n".join(result.problems) or good)
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
