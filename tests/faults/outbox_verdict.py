"""Judges the drill of the outbox, by what everybody has left behind."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from benchmarks.chaos.runs import Run, read_runs
from jobs.store.keys import QueueKeys
from tests.faults.history import read_history
from tests.faults.long_drill import Result
from tests.faults.outbox_requests import Answer

THERE, STOPPED, HUNG = "there", "stopped", "hung"
#: Of a hundred requests without Redis, 99 take no longer: ENQUEUE_TIMEOUT, and a busy machine.
_LONGEST_REQUEST = 2.0
#: How long the end of a run may be unknown to Redis while that answers, on a busy machine. Seconds.
_UNSENT = 3.0


@dataclass
class Phase:
    """What became of Redis for a while."""

    name: str
    began: float
    ended: float = float("inf")

    def common(self, began: float, ended: float) -> float:
        """Return how many seconds it has in common with a time."""
        return max(0.0, min(self.ended, ended) - max(self.began, began))


@dataclass
class Evidence:
    """What is judged. The folder has the notes of the jobs and the history."""

    folder: Path
    keys: QueueKeys
    orders: set[str] = field(default_factory=set)
    answers: list[Answer] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    struck: dict[int, float] = field(default_factory=dict)

    def away(self, began: float, ended: float) -> float:
        """Return for how many of these seconds Redis was away."""
        return sum(phase.common(began, ended) for phase in self.phases if phase.name != THERE)


def judge(evidence: Evidence, result: Result) -> None:
    """Add counts and problems."""
    runs = read_runs(evidence.folder / "notes")
    for order in sorted(evidence.orders - runs.keys()):
        result.problems.append(f"{order} was committed, and its job never ran")
    for key in sorted(runs.keys() - evidence.orders):
        result.problems.append(f"{key} ran, and was never committed")
    for key, found in runs.items():
        _judge_runs(key, found, evidence, result)
    _judge_pushes(evidence, result)
    _judge_answers(evidence, result)
    result.counts["orders with a job"] = len(evidence.orders)
    result.counts["runs"] = sum(map(len, runs.values()))


def _judge_runs(key: str, runs: list[Run], evidence: Evidence, result: Result) -> None:
    """Every run but the last needs a cause.

    Its process was struck before Redis knew of its end.
    """
    if not any(run.how == "ended" for run in runs):
        result.problems.append(f"{key} never ran to its end")
    for run in runs[:-1]:
        struck_at = evidence.struck.get(run.pid)
        if struck_at is None:
            result.problems.append(f"{key} ran again, and {run} was not struck")
            continue
        ended = struck_at if run.ended is None else run.ended
        first, last = sorted((ended, struck_at))
        if last - first - evidence.away(first, last) > _UNSENT:
            result.problems.append(f"{key} ran again, and {run} was struck at {struck_at:.3f}")
        result.counts["run again, as its process was struck"] += 1


def _judge_pushes(evidence: Evidence, result: Result) -> None:
    """No job was inserted twice.

    The script that inserts a job sets its mark, so a mark that was set twice tells of it.
    """
    marks = evidence.keys.marks.encode()
    pushed: Counter[bytes] = Counter()
    for unit in read_history(evidence.folder):
        for words in unit:
            if words[0].upper() == b"ZADD" and words[1] == marks and words[2].isdigit():
                pushed[words[3]] += 1
    for name, times in pushed.items():
        if times > 1:
            result.problems.append(f"{name.decode()} was pushed {times} times")
    result.counts["pushed"] = len(pushed)


def _judge_answers(evidence: Evidence, result: Result) -> None:
    """Requests succeed, and none is held up for long."""
    for answer in evidence.answers:
        result.counts[f"requests: {answer.how}"] += 1
        if answer.how not in {"answered", "asked-for"}:
            result.problems.append(f"a request ended by {answer.how}")
    for number, phase in enumerate(evidence.phases):
        seconds = [
            answer.seconds
            for answer in evidence.answers
            if phase.began <= answer.began < phase.ended
        ]
        if len(seconds) < 2:
            continue
        cuts = quantiles(seconds, n=100)
        title = f"{number + 1} {phase.name}"
        result.counts[f"requests, {title}: p50 in ms"] = round(cuts[49] * 1000)
        result.counts[f"requests, {title}: p99 in ms"] = round(cuts[98] * 1000)
        result.counts[f"requests, {title}: longest in ms"] = round(max(seconds) * 1000)
        rate = len(seconds) / (phase.ended - phase.began)
        result.counts[f"requests, {title}: a second"] = round(rate)
        if phase.name != THERE and cuts[98] > _LONGEST_REQUEST:
            result.problems.append(f"a request took {cuts[98]:.1f} s while Redis {phase.name}")
