"""What jobs note about their runs, for the drills that count them afterwards.

A job writes a line when a run begins and one when it ends. A line that begins and never ends tells
of a process that died. Times are those of the machine's monotonic clock, which all processes share.
"""

import itertools
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: The environment variable that names the file.
VARIABLE = "RUN_NOTES"
_numbers = itertools.count()


@dataclass(slots=True)
class Run:
    """One run of one job.

    `how` is "ended", or the class of what it raised, or "" if nobody heard of it again.
    """

    job: str
    pid: int
    attempt: int
    began: float
    ended: float | None = None
    how: str = ""


@contextmanager
def noted(job: object, attempt: int) -> Iterator[None]:
    """Note that a run begins, and how it ends."""
    run = f"{os.getpid()}-{next(_numbers)}"
    _write(f"begin {run} {time.monotonic():.6f} {os.getpid()} {job} {attempt}")
    how = "ended"
    try:
        yield
    except BaseException as error:
        how = type(error).__name__
        raise
    finally:
        _write(f"end {run} {time.monotonic():.6f} {how}")


def _write(line: str) -> None:
    """Append a line in one piece."""
    file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, f"{line}\n".encode())
    finally:
        os.close(file)


def read_runs(path: Path) -> dict[str, list[Run]]:
    """Return the runs of each job, in the order in which they began."""
    by_id: dict[str, Run] = {}
    by_job: defaultdict[str, list[Run]] = defaultdict(list)
    for line in path.read_text().splitlines() if path.exists() else ():
        word, run_id, at, *rest = line.split(" ")
        if word == "begin":
            run = by_id[run_id] = Run(rest[1], int(rest[0]), int(rest[2]), float(at))
            by_job[run.job].append(run)
        elif run_id in by_id:
            by_id[run_id].ended, by_id[run_id].how = float(at), rest[0]
    return {job: sorted(runs, key=lambda run: run.began) for job, runs in by_job.items()}


def overlaps(runs: list[Run]) -> list[tuple[Run, Run]]:
    """Return the pairs of runs of one job that overlap.

    The second of a pair began before the first had ended. A run without an end is taken to have
    lasted until the next began, and no longer. Who knows better says so itself.
    """
    return [
        (first, second)
        for number, first in enumerate(runs)
        for second in runs[number + 1 :]
        if first.ended is not None and second.began < first.ended
    ]
