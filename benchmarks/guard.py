"""Count the function calls of the hot paths, so that none grows unseen.

    python -m benchmarks.guard

Times say little on a machine that others share. The number of calls, of Python's functions and of
those in C, is the same in each run to within a few in a hundred, and each call costs.
`bin/ci guard` fails when a path makes 15 % more calls than stand here. Who makes one shorter, or
has a reason to make it longer, writes the new number down.
"""

import contextlib
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.throughput import valkey

#: Calls for one job, as they were measured. Python 3.11 counts a comprehension as a call, and later
#: versions do not.
EXPECTED = {
    "enqueue": 116.0,
    "enqueue_many": 19.2,
    "run": 69.5,
    "run, result kept": 226.0,
    "enqueue a task": 166.0,
    "run a task": 270.0,
}
#: By how much a path may grow.
TOLERANCE = 1.15
JOBS = 2_000


def main() -> int:
    """Print a row for each path. Return 1 if one has grown too much."""
    with tempfile.TemporaryDirectory() as folder, valkey(Path(folder)):
        time.sleep(0.3)
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.task_settings"
        import django

        django.setup()
        counted = {"enqueue": enqueue("jobs.NoOpJob"), "enqueue_many": enqueue_many()}
        counted["run"] = run("bench")
        enqueue("jobs.ResultJob")
        counted["run, result kept"] = run("kept")
        # The last: whoever has run no task pays for none.
        counted["enqueue a task"] = enqueue("tasks.echo")
        counted["run a task"] = run("tasks")
    for name, calls in counted.items():
        expected = EXPECTED[name]
        print(
            f"{name:18} {calls:6.1f} calls for each job, "
            f"{expected:6.1f} expected, {calls / expected:.2f}"
        )
    grown = [name for name, calls in counted.items() if calls > TOLERANCE * EXPECTED[name]]
    if grown:
        print(
            f"Grown by more than {TOLERANCE - 1:.0%}: {', '.join(grown)}. See benchmarks/guard.py.",
            file=sys.stderr,
        )
    return 1 if grown else 0


def enqueue(kind: str) -> float:
    """Return the calls of one `enqueue`."""
    module, _, name = kind.partition(".")
    chosen = getattr(importlib.import_module(f"benchmarks.{module}"), name)

    chosen.enqueue(0)
    return calls_of(lambda: [chosen.enqueue(number) for number in range(JOBS)])


def enqueue_many() -> float:
    """Return the calls for one of many jobs."""
    from benchmarks.jobs import NoOpJob

    return calls_of(lambda: NoOpJob.enqueue_many([(number,) for number in range(JOBS)]))


def run(queue: str) -> float:
    """Return the calls for one job of a queue, from fetch to end.

    Its line in the log and its part in the metrics are among them. One thread does what ten
    threads, the chores and the main thread do in a worker.
    """
    from jobs.conf import get_settings
    from jobs.log import flush, log_to_stderr, logger
    from jobs.worker.board import Board
    from jobs.worker.listening import listening
    from jobs.worker.process import WorkerProcess
    from jobs.worker.queue_order import QueueOrder

    settings = get_settings()
    board = Board(settings.concurrency + settings.async_concurrency)
    worker: Any = WorkerProcess("guard", QueueOrder.parse([queue]), settings, board, burst=False)
    thread = worker.crew.threads[0]

    def work() -> None:
        for number in range(JOBS):
            thread._run_one(worker.buffer.take())
            if number % 500 == 0:
                worker.recorder.fold()
                flush()
        flush()

    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        log_to_stderr("plain")
        with listening(worker.recorder):
            thread._guard.adopt()
            thread._run_one(worker.buffer.take())
            calls = calls_of(work)
        logger.handlers.clear()
    worker._store.close()
    return calls


def calls_of(do: Callable[[], object]) -> float:
    """Return how many calls for each job a function makes in this thread."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(None)
    return calls / JOBS


if __name__ == "__main__":
    sys.exit(main())
