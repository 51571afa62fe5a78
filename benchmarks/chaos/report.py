"""Adds up what a chaos drill showed, and prints it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.chaos.processes import Life
from benchmarks.chaos.runs import Run
from benchmarks.chaos.verdict import Again, Facts, runs_again

#: Most jobs that are shown one by one.
MOST_SHOWN = 20


@dataclass
class Report:
    """The end of a drill. `is_good` is false for whatever nobody can explain."""

    promised: Mapping[str, float]
    uncertain: set[str]
    runs: Mapping[str, list[Run]]
    facts: Facts
    began: float
    #: What is wrong beyond the jobs: exit codes, leases, broken places.
    others: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Judge every job."""
        all_runs = self.runs.values()
        self.again = [again for runs in all_runs for again in runs_again(runs, self.facts)]
        self.ended = {run.job for runs in all_runs for run in runs if run.how == "ended"}
        missing = sorted(self.promised.keys() - self.ended)
        self.forgotten = [key for key in missing if self._was_forgotten(key)]
        self.lost = [key for key in missing if key not in self.forgotten]
        self.invented = sorted(self.runs.keys() - self.promised.keys() - self.uncertain)
        lives = self.facts.lives.values()
        self.dead_by_themselves = [life.pid for life in lives if life.died_by_itself]

    @property
    def unexplained(self) -> list[Again]:
        """Return what ran again without a cause."""
        return [again for again in self.again if not again.cause]

    @property
    def is_good(self) -> bool:
        """Whether everything is explained."""
        strange = (self.lost, self.unexplained, self.invented, self.dead_by_themselves, self.others)
        return not any(strange)

    def show(self) -> None:
        """Print it."""
        print(f"\n{len(self.promised):7,}  enqueued")
        print(f"{len(self.uncertain):7,}  more whose enqueue raised, which may run or not")
        print(f"{sum(map(len, self.runs.values())):7,}  runs")
        print(f"{len(self.ended & self.promised.keys()):7,}  of the enqueued ran to their end")
        print(f"{len(self.lost):7,}  lost")
        print(f"{len(self.forgotten):7,}  forgotten by Redis, killed right after the enqueue")
        _show_causes("run again", self.again)
        at_once = [again for again in self.again if again.is_at_once]
        _show_causes("of these at the same time", at_once)
        for line in self._strange()[:MOST_SHOWN]:
            print(f"UNEXPLAINED: {line}")

    def _was_forgotten(self, key: str) -> bool:
        """Whether Redis has forgotten a job, before anybody had begun it."""
        return key not in self.runs and self.facts.has_forgotten(self.promised[key])

    def _strange(self) -> list[str]:
        return [
            *self.others,
            *(f"process {pid} died by itself" for pid in self.dead_by_themselves),
            *(f"{key} was lost: {self._told(self.runs.get(key, []))}" for key in self.lost),
            *(f"{key} was never enqueued, and ran" for key in self.invented),
            *(self._told([again.first, again.second]) for again in self.unexplained),
        ]

    def _told(self, runs: Sequence[Run]) -> str:
        """Return some runs of one job in words.

        They come with what is known of their processes.
        """
        return "; then ".join(self._tell(run) for run in runs) or "it never ran"

    def _tell(self, run: Run) -> str:
        end = "never" if run.ended is None else self._when(run.ended)
        life = self.facts.lives.get(run.pid)
        what = f"{run.job} attempt {run.attempt} from {self._when(run.began)} to {end}"
        where = self._tell_life(life) if life else "an unknown process"
        return f"{what} ({run.how or '?'}) in {where}"

    def _tell_life(self, life: Life) -> str:
        moments = {"killed": life.killed_at, "told to stop": life.told_to_stop_at}
        moments["gone"] = life.gone_at
        known = [f"{name} at {self._when(at)}" for name, at in moments.items() if at is not None]
        known += [f"frozen at {self._when(f.began)} for {f.seconds:.3f}" for f in life.freezes]
        return ", ".join([f"process {life.pid} of {life.supervisor}", *known])

    def _when(self, moment: float) -> str:
        """Return a moment in seconds since the drill began."""
        return f"{moment - self.began:.3f}"


def _show_causes(title: str, again: Sequence[Again]) -> None:
    print(f"{len(again):7,}  {title}")
    for cause, count in Counter(one.cause for one in again).most_common():
        print(f"{count:15,}  {cause or 'WITHOUT A CAUSE'}")
