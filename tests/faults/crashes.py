"""Kill who sends a command, at every command: `python -m tests.faults.crashes --all`.

The scenario is that of unique jobs and a schedule (`crash_scenario`). Without `--all` each script
is struck twice, and each other command once. It starts a server of its own, and prints each run
that shows a problem, then a table. The exit code is 1 if there was one.
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
from tests.faults.crash_scenario import CrashScenario, Report
from tests.faults.nursery import Nursery, stand_alone
from tests.faults.rules import Fault, Kind, Rule, never, nth, script_names

#: The sender is killed before Redis sees its command, or after Redis has executed it.
KINDS = (Kind.BEFORE, Kind.AFTER)
#: How often the scenario is played undisturbed to see its commands.
_LOOKS = 3


@dataclass(frozen=True)
class Crash:
    """One run of the scenario.

    It says at which command the sender is killed, and when. `number` counts all commands of one
    side, or those of one `name`.
    """

    number: int
    kind: Kind
    at_client: bool
    name: str | None = None

    @property
    def rule(self) -> Rule:
        """What the proxy is told."""
        return nth(self.number, Fault(self.kind), self.name)

    def __str__(self) -> str:
        side = "client" if self.at_client else "workers"
        return f"{side}, {self.kind.value} {self.name or 'command'} {self.number}"


def all_crashes(commands: Sequence[str], *, at_client: bool) -> list[Crash]:
    """Return a crash before and after every command of one side."""
    numbers = range(1, len(commands) + 1)
    return [Crash(number, kind, at_client) for number in numbers for kind in KINDS]


def some_crashes(commands: Sequence[str], *, at_client: bool) -> list[Crash]:
    """Return two crashes for each script, and one for each other command."""
    counts, scripts, found = Counter(commands), set(script_names().values()), []
    for turn, name in enumerate(sorted(counts)):
        kinds = KINDS if name in scripts else KINDS[turn % 2 :][:1]
        numbers = (1, 1 + counts[name] // 3)
        crashes = zip(numbers, kinds, strict=False)
        found += [Crash(number, kind, at_client, name) for number, kind in crashes]
    return found


class Crasher:
    """Plays the scenario with one crash after the other.

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
        """Play the scenario without a crash."""
        return self._play(never, at_client=False)

    def run(self, crashes: Sequence[Crash]) -> Iterator[tuple[Crash, Report]]:
        """Yield what each crash showed, in their order."""
        with ThreadPoolExecutor(len(self._nurseries)) as pool:
            yield from zip(crashes, pool.map(self._run_one, crashes), strict=True)

    def _run_one(self, crash: Crash) -> Report:
        return self._play(crash.rule, at_client=crash.at_client)

    def _play(self, rule: Rule, *, at_client: bool) -> Report:
        nursery = self._free.get()
        try:
            return CrashScenario(nursery, self._redis_url, rule, at_client=at_client).play()
        finally:
            self._free.put(nursery)


class Tally:
    """What all runs together showed."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.killed: Counter[tuple[str, str]] = Counter()

    def add(self, crash: Crash, report: Report) -> None:
        """Count one run, and print what it showed if that was not good."""
        self.counts["runs"] += 1
        self.counts["runs in which the command did not come"] += report.struck is None
        self.counts["runs with a problem"] += bool(report.problems)
        self.killed[report.struck or "", report.killed or ""] += 1
        for problem in report.problems:
            print(f"{crash} ({report.struck or 'nothing'}, {report.killed}): {problem}", flush=True)

    def show(self) -> None:
        """Print how often who was killed at which command, and the totals."""
        who = ("client", "worker", "supervisor")
        print("\n" + " " * 20 + "".join(f"{each:>12}" for each in who))
        for name in sorted({name for name, _ in self.killed if name}):
            print(f"{name:20}" + "".join(f"{self.killed[name, each]:12}" for each in who))
        print()
        for name, count in self.counts.items():
            print(f"{count:7,}  {name}")


def planned(crasher: Crasher, *, is_all: bool) -> list[Crash]:
    """Return the crashes of both sides, after a look at all commands."""
    plan = all_crashes if is_all else some_crashes
    reports = [crasher.undisturbed() for _ in range(_LOOKS)]
    asked = max((report.asked for report in reports), key=len)
    worked = max((report.worked for report in reports), key=len)
    return plan(asked, at_client=True) + plan(worked, at_client=False)


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="at every command")
    parser.add_argument("--lanes", type=int, default=8, help="runs at a time; a run mostly waits")
    options = parser.parse_args()
    stand_alone()
    began, port, tally = time.monotonic(), free_port(), Tally()
    with tempfile.TemporaryDirectory(prefix="makeitso-crashes-") as folder:
        server = start_server(port, Path(folder))
        try:
            with Crasher(f"redis://127.0.0.1:{port}/0", options.lanes) as crasher:
                crashes = planned(crasher, is_all=options.all)
                print(f"{len(crashes)} runs.", flush=True)
                for crash, report in crasher.run(crashes):
                    tally.add(crash, report)
        finally:
            server.terminate()
            server.wait()
    tally.show()
    print(f"{time.monotonic() - began:7.0f}  seconds")
    return 1 if tally.counts["runs with a problem"] else 0


if __name__ == "__main__":
    sys.exit(main())
