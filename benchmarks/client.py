"""The client side of a measurement: `python -m benchmarks.client WHAT JSON`.

It runs with the library of the checkout that is measured, and uses only what every version of it
has. It prints its figures as one line of JSON. `sidekiq/client.rb` does the same in Ruby.
"""

import importlib
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

#: Pause between two jobs of an idle worker, in seconds.
PAUSE = 0.01


def main() -> None:
    """Do what the command line says."""
    what, options = sys.argv[1], json.loads(sys.argv[2])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    import django

    django.setup()
    print(json.dumps(COMMANDS[what](**options)))


def enqueue(
    jobs: int, threads: int, kind: str = "jobs.NoOpJob", priority: int | None = None
) -> dict[str, float]:
    """Return the rate of `enqueue`, with so many threads.

    Each thread enqueues one job after the other, with `using(priority=...)` if that is given.
    """
    module, _, name = kind.partition(".")
    chosen: Any = getattr(importlib.import_module(f"benchmarks.{module}"), name)

    def work() -> None:
        for number in range(jobs // threads):
            if priority is None:
                chosen.enqueue(number)
            else:
                chosen.using(priority=priority).enqueue(number)

    chosen.enqueue(0)
    workers = [threading.Thread(target=work) for _ in range(threads)]
    return timed(jobs, lambda: run_all(workers))


def fill(
    kind: str, jobs: int, argument: Any = None, queue: str = "bench", hours: float = 0
) -> dict[str, float]:
    """Return the rate of `enqueue_many`.

    With `hours`, the jobs are scheduled for then.
    """
    from benchmarks import jobs as known

    chosen: Any = getattr(known, kind).using(queue=queue)
    if hours:
        chosen = chosen.using(run_after=datetime.now(UTC) + timedelta(hours=hours))
    return timed(jobs, lambda: chosen.enqueue_many(arguments(jobs, argument)))


def arguments(jobs: int, argument: Any) -> Iterator[tuple[Any]]:
    """Yield the arguments of each job: those given, or its number."""
    return ((number if argument is None else argument,) for number in range(jobs))


def latency(
    path: str, jobs: int, queue: str = "bench", priority: int | None = None
) -> dict[str, float]:
    """Enqueue one job after the other.

    Each comes when the last has started and the worker has had a pause.
    """
    from benchmarks.jobs import StampJob

    chosen: Any = StampJob.using(queue=queue)
    if priority is not None:
        chosen = chosen.using(priority=priority)
    stamps = Path(path)
    for _ in range(jobs):
        size = stamps.stat().st_size
        chosen.enqueue(path, time.time())
        while stamps.stat().st_size == size:
            time.sleep(0.0005)
        time.sleep(PAUSE)
    return {}


def lateness(path: str, jobs: int) -> dict[str, float]:
    """Schedule jobs over five seconds that begin in two."""
    from benchmarks.jobs import StampJob

    start = time.time() + 2
    for number in range(jobs):
        due = start + 5 * number / jobs
        StampJob.using(run_after=datetime.fromtimestamp(due, UTC)).enqueue(path, due)
    return {}


def run_all(threads: list[threading.Thread]) -> None:
    """Run threads to their end."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def timed(jobs: int, do: Callable[[], object]) -> dict[str, float]:
    """Return jobs a second, and the µs of CPU that one job takes.

    It takes them of this process and of the kernel.
    """
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    do()
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    return {
        "rate": jobs / seconds,
        "user": (after.ru_utime - before.ru_utime) / jobs * 1e6,
        "kernel": (after.ru_stime - before.ru_stime) / jobs * 1e6,
    }


COMMANDS: dict[str, Callable[..., dict[str, float]]] = {
    "enqueue": enqueue,
    "fill": fill,
    "latency": latency,
    "lateness": lateness,
}

if __name__ == "__main__":
    main()
