"""Kill who sends a command, at every command: `python -m tests.faults.crashes --all`.

The scenario is that of unique jobs and a schedule (`crash_scenario`). Without `--all` each script
is struck twice, and each other command once. It starts a server of its own, and prints each run
that shows a problem, then a table. The exit code is 1 if there was one.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.crash_scenario import CrashScenario, Report
from tests.faults.lanes import Lanes, Tally, parser_of, server_of_drill
from tests.faults.nursery import stand_alone
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


class Crasher(Lanes[Crash, Report]):
    """Plays the scenario with one crash after the other."""

    def undisturbed(self) -> Report:
        """Play the scenario without a crash."""
        return self._play(never, at_client=False)

    def play(self, run: Crash) -> Report:
        """Play the scenario with this crash."""
        return self._play(run.rule, at_client=run.at_client)

    def _play(self, rule: Rule, *, at_client: bool) -> Report:
        with self.lane() as nursery:
            return CrashScenario(nursery, self.redis_url, rule, at_client=at_client).play()


class CrashTally(Tally):
    """Counts what all crashes together showed, and who was killed."""

    def __init__(self) -> None:
        super().__init__(["client", "worker", "supervisor"], width=12)

    def add(self, crash: Crash, report: Report) -> None:
        """Count one crash, and print what it showed if that was not good."""
        title = f"{crash} ({report.struck or 'nothing'}, {report.killed})"
        self.note(report, report.killed or "", title)


def planned(crasher: Crasher, *, is_all: bool) -> list[Crash]:
    """Return the crashes of both sides, after a look at all commands."""
    plan = all_crashes if is_all else some_crashes
    reports = [crasher.undisturbed() for _ in range(_LOOKS)]
    asked = max((report.asked for report in reports), key=len)
    worked = max((report.worked for report in reports), key=len)
    return plan(asked, at_client=True) + plan(worked, at_client=False)


def main() -> int:
    """Run what is asked for and return the exit code."""
    options = parser_of(__doc__, "at every command").parse_args()
    stand_alone()
    tally = CrashTally()
    with server_of_drill("crashes") as url, Crasher(url, options.lanes) as crasher:
        crashes = planned(crasher, is_all=options.all)
        print(f"{len(crashes)} runs.", flush=True)
        for crash, report in crasher.run(crashes):
            tally.add(crash, report)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
