"""Cut the connection at every command of the scenario: `python -m tests.faults.cuts --all`.

Without `--all` each script is cut in every way, and each other command in one. It starts a server
of its own, and prints each run that shows a problem, then a table. The exit code is 1 if there was
one.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Self

from tests.conftest import free_port, start_server
from tests.faults.nursery import Nursery, stand_alone
from tests.faults.rules import Fault, Kind, Rule, never, nth, script_names
from tests.faults.scenario import Report, Scenario

#: How late a late answer comes, in seconds: later than Redis ever is in good health, sooner than
#: clients give up.
LATE_SECONDS = 0.3


@dataclass(frozen=True)
class Cut:
    """One run of the scenario: the command that is struck, and how.

    `number` counts all commands, or those of one `name`.
    """

    number: int
    kind: Kind
    name: str | None = None

    @property
    def rule(self) -> Rule:
        """What the proxy is told."""
        seconds = LATE_SECONDS if self.kind is Kind.LATE else 0.0
        return nth(self.number, Fault(self.kind, seconds), self.name)

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name or 'command'} {self.number}"


def all_cuts(commands: Sequence[str]) -> list[Cut]:
    """Return every kind of cut at every command."""
    return [Cut(number, kind) for number in range(1, len(commands) + 1) for kind in Kind]


def spread(commands: Sequence[str]) -> list[Cut]:
    """Return all kinds of cut for each script, and one for each other command.

    Those of a script are spread from its first call to its last.
    """
    counts, kinds, cuts = Counter(commands), list(Kind), []
    scripts = counts.keys() & set(script_names().values())
    for name in sorted(scripts):
        last = counts[name] - 1
        cuts += [Cut(1 + last * turn // 3, kind, name) for turn, kind in enumerate(kinds)]
    for turn, name in enumerate(sorted(counts.keys() - scripts)):
        cuts.append(Cut((1 + counts[name]) // 2, kinds[turn % len(kinds)], name))
    return cuts


class Cutter:
    """Runs the scenario with one cut after the other.

    In several lanes at a time.
    """

    def __init__(self, redis_url: str, lanes: int) -> None:
        """Start the lanes, each with a process that starts its workers."""
        self._redis_url = redis_url
        self._nurseries = [Nursery() for _ in range(lanes)]
        self._free: SimpleQueue[Nursery] = SimpleQueue()
        for nursery in self._nurseries:
            self._free.put(nursery)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for nursery in self._nurseries:
            nursery.close()

    def undisturbed(self) -> Report:
        """Run the scenario without a cut."""
        return self._play(never)

    def run(self, cuts: Sequence[Cut]) -> Iterator[tuple[Cut, Report]]:
        """Yield what each cut showed, in their order."""
        with ThreadPoolExecutor(len(self._nurseries)) as pool:
            yield from zip(cuts, pool.map(self._run_one, cuts), strict=True)

    def _run_one(self, cut: Cut) -> Report:
        """Run it, and once more where that proved nothing."""
        report = self._play(cut.rule)
        return self._play(cut.rule) if report.proves_nothing else report

    def _play(self, rule: Rule) -> Report:
        nursery = self._free.get()
        try:
            return Scenario(nursery, self._redis_url, rule).play()
        finally:
            self._free.put(nursery)


class Tally:
    """What all runs together showed."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.struck: Counter[tuple[str, Kind]] = Counter()

    def add(self, cut: Cut, report: Report) -> None:
        """Count one run, and print what it showed if that was not good."""
        self.counts["runs"] += 1
        self.counts["runs in which the command did not come"] += report.struck is None
        self.counts["runs with a problem"] += bool(report.problems)
        self.counts["lost"] += len(report.lost)
        self.counts["invariant breaks"] += len(report.broken)
        self.counts["duplicates"] += len(report.duplicates)
        self.counts["other problems"] += len(report.others)
        self.struck[report.struck or "", cut.kind] += 1
        for problem in report.problems:
            print(f"{cut} ({report.struck or 'nothing'}): {problem}", flush=True)

    def show(self) -> None:
        """Print how often each command was struck in each way, and the totals."""
        kinds = list(Kind)
        print("\n" + " " * 20 + "".join(f"{kind.value:>9}" for kind in kinds))
        for name in sorted({name for name, _ in self.struck if name}):
            counts = "".join(f"{self.struck[name, kind]:9}" for kind in kinds)
            print(f"{name:20}{counts}")
        print()
        for name, count in self.counts.items():
            print(f"{count:7,}  {name}")


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every kind of cut at every command")
    parser.add_argument("--lanes", type=int, default=8, help="runs at a time; a run mostly waits")
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], help="only this kind")
    options = parser.parse_args()
    stand_alone()
    began, port, tally = time.monotonic(), free_port(), Tally()
    with tempfile.TemporaryDirectory(prefix="makeitso-cuts-") as folder:
        server = start_server(port, Path(folder))
        try:
            with Cutter(f"redis://127.0.0.1:{port}/0", options.lanes) as cutter:
                commands = max((cutter.undisturbed().commands for _ in range(3)), key=len)
                cuts = all_cuts(commands) if options.all else spread(commands)
                cuts = [cut for cut in cuts if options.kind in {None, cut.kind.value}]
                print(f"The scenario has {len(commands)} commands; {len(cuts)} runs.", flush=True)
                for cut, report in cutter.run(cuts):
                    tally.add(cut, report)
        finally:
            server.terminate()
            server.wait()
    tally.show()
    print(f"{time.monotonic() - began:7.0f}  seconds")
    return 1 if tally.counts["runs with a problem"] else 0


if __name__ == "__main__":
    sys.exit(main())
