"""Reckons the ticks of schedules from the history of a server.

Each tick, as the clock on the wall has them, must have been fired once, be counted as missed by the
job of the next one or by a skip, or have been skipped for a reason that stands among the runs. Only
where the time expression of an entry changes may some be given up.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import orjson

from jobs.store.keys import QueueKeys
from tests.faults.history import Words
from tests.faults.periodic_plan import has_version, period_of


@dataclass(frozen=True)
class Tick:
    """One tick that was handled: fired, or skipped for a reason.

    `era` is how often the time expression had changed. `missed` is what it says of those before.
    """

    name: str
    at: int
    word: str
    missed: int
    era: int


@dataclass
class Reckoning:
    """What a history says of all entries."""

    ticks: dict[str, list[Tick]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class ScheduleJudge:
    """Goes through a history. `reckoning` is what it found."""

    def __init__(self, keys: list[QueueKeys]) -> None:
        self._payloads = {each.payloads.encode() for each in keys}
        self._schedules = {each.schedules.encode() for each in keys}
        self._metas = {each.meta.encode(): each.payloads.encode() for each in keys}
        self._paused: set[bytes] = set()
        self._clocks: dict[str, str] = {}
        self._eras: Counter[str] = Counter()
        self._specs: dict[str, str] = {}
        self._version_of: dict[tuple[str, str], int] = {}
        self._inserted: Counter[str] = Counter()
        self._moment = 0
        self.reckoning = Reckoning()

    def judge(self, unit: list[Words]) -> None:
        """Look at one moment."""
        self._moment += 1
        fired: dict[str, dict] = {}
        for words in unit:
            if words[0].upper() in {b"HSET", b"HSETNX"} and words[1] in self._payloads:
                fired |= self._note_jobs(words)
        # Where a cursor moves a tick was handled; else the end of a run was noted.
        moved = {field for words in unit for field in words if field.startswith(b"cursor:")}
        for words in unit:
            if words[0].upper() == b"HSET" and words[1] in self._schedules:
                self._note_schedule(words, fired, moved)
            elif len(words) > 1 and words[1] in self._metas:
                self._note_pause(words)

    def finish(self) -> Reckoning:
        """Reckon all ticks of all entries, and return what was found."""
        for name, ticks in self.reckoning.ticks.items():
            for before, after in pairwise(ticks):
                self._reckon(name, before, after)
        again = [job_id for job_id, count in self._inserted.items() if count > 1]
        self.reckoning.problems += [f"job {job_id} was made more than once" for job_id in again]
        return self.reckoning

    # What was written

    def _note_jobs(self, words: Words) -> dict[str, dict]:
        """Return the payloads of jobs that schedules made in this moment, by id."""
        found = {}
        for raw_id, raw in zip(words[2::2], words[3::2], strict=True):
            payload = orjson.loads(raw)
            if words[0].upper() == b"HSETNX" and "schedule" in payload.get("context", {}):
                found[raw_id.decode()] = payload
                self._inserted[raw_id.decode()] += 1
                if words[1] in self._paused:
                    self._complain(f"{payload['context']} was fired into a paused queue")
        return found

    def _note_schedule(self, words: Words, fired: dict[str, dict], moved: set[bytes]) -> None:
        fields = dict(zip(map(bytes.decode, words[2::2]), words[3::2], strict=True))
        for key, value in fields.items():
            kind, _, name = key.partition(":")
            text = value.decode()
            if kind == "clock" and self._clocks.get(name) != text:
                self._eras[name] += name in self._clocks
                self._clocks[name] = text
            elif kind == "spec":
                self._specs[name] = text
            elif kind == "runs" and f"cursor:{name}".encode() in moved:
                at, job_id, word, _, *missed = text.split("\n")[0].split(" ")
                tick = Tick(
                    name, int(at) // 1000, word, int(missed[0]) if missed else 0, self._eras[name]
                )
                self._note_tick(tick, fired.get(job_id))

    def _note_tick(self, tick: Tick, payload: dict | None) -> None:
        self.reckoning.ticks[tick.name].append(tick)
        self.reckoning.counts[f"ticks {tick.word}"] += 1
        if (tick.word == "fired") != (payload is not None):
            self._complain(f"{tick} has the job {payload}")
        if payload is None:
            return
        told = payload["context"]["schedule"]
        if (told["at"], told.get("missed", 0)) != (tick.at, tick.missed):
            self._complain(f"the job of {tick} is told {told}")
        if has_version(tick.name):
            self._judge_version(tick.name, payload["args"][0])

    def _judge_version(self, name: str, version: int) -> None:
        """Only whose spec stands in Redis may fire."""
        spec = self._specs.get(name, "")
        if self._version_of.setdefault((name, spec), version) != version:
            self._complain(f"{name} was fired by version {version}, which did not own it")

    def _note_pause(self, words: Words) -> None:
        queue = self._metas[words[1]]
        if b"paused" in words[2:]:
            is_paused = words[0].upper() == b"HSET" and words[-1] == b"1"
            (self._paused.add if is_paused else self._paused.discard)(queue)

    # Reckoning

    def _reckon(self, name: str, before: Tick, after: Tick) -> None:
        if after.at <= before.at:
            self._complain(f"{name} went from {before.at} back to {after.at}")
            return
        version = 1 + after.era % 2
        period = period_of(name, version)
        between = [at for at in range(before.at + 1, after.at) if at % period == 0]
        if after.at % period:
            self._complain(f"{name} has no tick at {after.at}")
        if after.era != before.era:
            self.reckoning.counts["ticks given up by a new expression"] += (
                len(between) - after.missed
            )
        elif len(between) != after.missed:
            self._complain(
                f"{name} from {before.at} to {after.at} ({after.word}): {len(between)} between "
                f"them, {after.missed} counted"
            )
        self.reckoning.counts["ticks counted as missed"] += after.missed

    def _complain(self, text: str) -> None:
        self.reckoning.problems.append(f"moment {self._moment}: {text}")
