"""Cut the connection at every command of the scenario: `python -m tests.faults.cuts --all`.

Without `--all` each script is cut in every way, and each other command in one. It starts a server
of its own, and prints each run that shows a problem, then a table. The exit code is 1 if there was
one.
"""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.lanes import Lanes, Tally, parser_of, server_of_drill
from tests.faults.nursery import stand_alone
from tests.faults.rules import Fault, Kind, Rule, never, nth, script_names
from tests.faults.scenario import Report, Scenario
from tests.faults.stalls import Stalls

#: How late a late answer comes, in seconds: later than Redis ever is in good health, sooner than
#: clients give up.
LATE_SECONDS = 0.3
#: The longest stall of the machine with which a run proves something. Seconds.
LONGEST_STALL = 0.5
#: How often a run is played that proves nothing.
MOST_PLAYS = 3
#: How often the scenario is played undisturbed to see its commands.
_LOOKS = 3


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


class Cutter(Lanes[Cut, Report]):
    """Runs the scenario with one cut after the other."""

    def __init__(self, redis_url: str, lanes: int) -> None:
        super().__init__(redis_url, lanes)
        self._stalls = Stalls(redis_url)

    def __exit__(self, *exc_info: object) -> None:
        self._stalls.end()
        super().__exit__(*exc_info)

    def undisturbed(self) -> Report:
        """Run the scenario without a cut."""
        return self._play(never)

    def play(self, run: Cut) -> Report:
        """Run it, and again where the machine had no time for it.

        What did harm counts all the same.
        """
        for _ in range(MOST_PLAYS - 1):
            began = time.monotonic()
            report = self._play(run.rule)
            had_no_time = report.was_silent or self._stalls.longest_since(began) > LONGEST_STALL
            if not (report.is_harmless and had_no_time):
                return report
        return self._play(run.rule)

    def _play(self, rule: Rule) -> Report:
        with self.lane() as nursery:
            return Scenario(nursery, self.redis_url, rule).play()


def planned(cutter: Cutter, *, is_all: bool) -> tuple[int, list[Cut]]:
    """Return how many commands the scenario has, and what to cut.

    The number differs a little from run to run. What is to be cut must come in most of them.
    """
    looks = sorted((cutter.undisturbed().commands for _ in range(_LOOKS)), key=len)
    if is_all:
        return len(looks[-1]), all_cuts(looks[-1])
    return len(looks[0]), spread(looks[0])


class CutTally(Tally):
    """Counts what all cuts together showed."""

    def __init__(self) -> None:
        super().__init__([kind.value for kind in Kind], width=9)

    def add(self, cut: Cut, report: Report) -> None:
        """Count one cut, and print what it showed if that was not good."""
        self.note(report, cut.kind.value, f"{cut} ({report.struck or 'nothing'})")
        self.counts["lost"] += len(report.lost)
        self.counts["invariant breaks"] += len(report.broken)
        self.counts["duplicates"] += len(report.duplicates)
        self.counts["other problems"] += len(report.others)


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = parser_of(__doc__, "every kind of cut at every command")
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], help="only this kind")
    options = parser.parse_args()
    stand_alone()
    tally = CutTally()
    with server_of_drill("cuts") as url, Cutter(url, options.lanes) as cutter:
        count, cuts = planned(cutter, is_all=options.all)
        cuts = [cut for cut in cuts if options.kind in {None, cut.kind.value}]
        print(f"The scenario has {count} commands; {len(cuts)} runs.", flush=True)
        for cut, report in cutter.run(cuts):
            tally.add(cut, report)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
