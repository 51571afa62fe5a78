"""Plays a scenario once for each command that is to be struck.

Several are played at once. The drills `cuts` and `crashes` share this. They say which scenario it
is, which commands are struck, and what is counted.
"""

import argparse
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Generic, Protocol, Self, TypeVar

from tests.faults.nursery import Nursery
from tests.faults.proxy import load_scripts
from tests.jobs.store.servers import running_server


class Report(Protocol):
    """What one run showed.

    `struck` names the command that met the fault, None if none did.
    """

    struck: str | None

    @property
    def problems(self) -> Sequence[str]:
        """Return a line for everything that is not as it should be."""


RunT = TypeVar("RunT")
ReportT = TypeVar("ReportT", bound=Report)


class Lanes(ABC, Generic[RunT, ReportT]):
    """Plays one run after the other, in several lanes at a time."""

    def __init__(self, redis_url: str, lanes: int) -> None:
        """Start the lanes, each with a process that starts its workers.

        A script that Redis did not know would be called twice, in the first run only.
        """
        load_scripts(redis_url)
        self.redis_url = redis_url
        self._nurseries = [Nursery() for _ in range(lanes)]
        self._free: SimpleQueue[Nursery] = SimpleQueue()
        for nursery in self._nurseries:
            self._free.put(nursery)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for nursery in self._nurseries:
            nursery.close()

    def run(self, runs: Sequence[RunT]) -> Iterator[tuple[RunT, ReportT]]:
        """Yield what each run showed, in their order."""
        with ThreadPoolExecutor(len(self._nurseries)) as pool:
            yield from zip(runs, pool.map(self.play, runs), strict=True)

    @abstractmethod
    def play(self, run: RunT) -> ReportT:
        """Play the scenario with what this run strikes."""

    @contextmanager
    def lane(self) -> Iterator[Nursery]:
        """Wait for a free lane, and hand over who starts its workers."""
        nursery = self._free.get()
        try:
            yield nursery
        finally:
            self._free.put(nursery)


class Tally:
    """What all runs together showed.

    Its table has a line for each command that was struck, and these columns.
    """

    def __init__(self, columns: Sequence[str], width: int) -> None:
        self.counts: Counter[str] = Counter()
        self._columns, self._width = columns, width
        self._table: Counter[tuple[str, str]] = Counter()
        self._began = time.monotonic()

    def note(self, report: Report, column: str, title: str) -> None:
        """Count one run, and print what it showed if that was not good."""
        self.counts["runs"] += 1
        self.counts["runs in which the command did not come"] += report.struck is None
        self.counts["runs with a problem"] += bool(report.problems)
        self._table[report.struck or "", column] += 1
        for problem in report.problems:
            print(f"{title}: {problem}", flush=True)

    def finish(self) -> int:
        """Print the table, the totals and the time, and return the exit code."""
        print()
        self._print_line("", self._columns)
        for name in sorted({name for name, _ in self._table if name}):
            self._print_line(name, [self._table[name, column] for column in self._columns])
        print()
        for name, count in self.counts.items():
            print(f"{count:7,}  {name}")
        print(f"{time.monotonic() - self._began:7.0f}  seconds")
        return 1 if self.counts["runs with a problem"] else 0

    def _print_line(self, name: str, cells: Sequence[object]) -> None:
        print(f"{name:20}" + "".join(f"{cell!s:>{self._width}}" for cell in cells))


def parser_of(description: str | None, what_all_means: str) -> argparse.ArgumentParser:
    """Return a parser of the options that both drills have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--all", action="store_true", help=what_all_means)
    parser.add_argument("--lanes", type=int, default=8, help="runs at a time; a run mostly waits")
    return parser


@contextmanager
def server_of_drill(name: str) -> Iterator[str]:
    """Start a server in a folder of its own, and yield its URL."""
    with (
        tempfile.TemporaryDirectory(prefix=f"makeitso-{name}-") as folder,
        running_server(Path(folder)) as port,
    ):
        yield f"redis://127.0.0.1:{port}/0"
