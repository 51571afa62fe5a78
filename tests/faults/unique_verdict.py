"""Judges the history of unique jobs, unit by unit.

Rules, of each class, which has one key:

- until done: never are two alive at once, that is there and neither dead nor done;
- until start, and replacing: never do two wait that no worker has begun. One that was given back
  while its successor waits already has lost its key, and waits beside it;
- window: the next goes in when the window of the one before is over, or that one is dead;
- an answer "this job is there already" was true at that moment;
- who vanishes without having run was replaced in that moment.
"""

from collections import Counter
from dataclasses import dataclass, field

from jobs.store.keys import QueueKeys
from tests.faults.history import Words
from tests.faults.ledger import Ledger
from tests.faults.unique_modes import MODES, REPLACING, UNTIL_DONE, WINDOW, WINDOW_MS

#: Two readings of one clock within a script may differ by so much, in ms.
_BLUR = 2


@dataclass
class Verdict:
    """What the history showed. `counts` by what was counted, `problems` in words."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class UniqueJudge:
    """Goes through a history and writes its verdict."""

    def __init__(self, keys: QueueKeys) -> None:
        self._ledger = Ledger(keys)
        tag = keys.payloads.removesuffix("payloads")
        self._receipt = f"{tag}pushed:".encode()
        self._lifetime: int | None = None
        #: Who opened the window of each class, and when, in ms.
        self._windows: dict[str, tuple[str, int]] = {}
        self.class_of: dict[str, str] = {}
        #: Jobs that came back unbegun and found their key taken.
        self._beside: set[str] = set()
        self._told: set[str] = set()
        self.replaced: set[str] = set()
        self.died: set[str] = set()
        self.verdict = Verdict()

    def judge(self, unit: list[Words]) -> None:
        """Look at one moment."""
        ledger, before = self._ledger, self._holders_of_all()
        ledger.apply(unit)
        self.died |= ledger.places["dead"].keys()
        self.class_of |= {job_id: _short(ledger.class_of(job_id)) for job_id in ledger.inserted}
        for words in unit:
            if words[0].upper() == b"SET" and words[1].startswith(self._receipt):
                self._judge_answer(words, before)
        self._judge_places()
        self._judge_vanished()
        self._note_given_back(before)
        self._follow_windows()
        for name, holders in self._holders_of_all().items():
            if len(holders) > 1:
                self._complain(f"{len(holders)} {name} at once: {sorted(holders)}")
        self.verdict.counts["moments"] += 1

    # Who holds what

    def _holders_of_all(self) -> dict[str, set[str]]:
        """Return the jobs of each class that keep others out, windows aside."""
        found: dict[str, set[str]] = {name: set() for name in MODES}
        ledger = self._ledger
        for job_id in ledger.payloads:
            name = self.class_of.get(job_id, "")
            if MODES.get(name, WINDOW) != WINDOW and self._holds(job_id, MODES[name]):
                found[name].add(job_id)
        return found

    def _holds(self, job_id: str, mode: str) -> bool:
        ledger = self._ledger
        if mode == UNTIL_DONE:
            return not (job_id in ledger.places["dead"] or job_id in ledger.places["done"])
        waits = job_id in ledger.places["ready"] or job_id in ledger.places["scheduled"]
        return waits and job_id not in ledger.begun and job_id not in self._beside

    def _note_given_back(self, before: dict[str, set[str]]) -> None:
        ledger = self._ledger
        for job_id in ledger.given_back:
            if before.get(self.class_of[job_id], set()) - {job_id}:
                self._beside.add(job_id)
                self.verdict.counts["given back beside a successor"] += 1
            else:
                self._beside.discard(job_id)
        self._beside -= ledger.revived

    # Rules

    def _judge_answer(self, words: Words, before: dict[str, set[str]]) -> None:
        lasts = int(words[-1]) if words[-2].upper() == b"PXAT" else None
        here: set[str] = set()
        for each in words[2].decode().split():
            mark, job_id = each[0], each[1:]
            name = self.class_of.get(job_id, "?")
            self.verdict.counts["in" if mark == "+" else "duplicates"] += 1
            now = self._now(job_id, mark, lasts)
            if mark == "=" and not self._is_true(job_id, name, before, here, now):
                self._complain(f"{name} {job_id} was called a duplicate, and did not hold its key")
            if mark == "+" and MODES.get(name) == WINDOW and now is not None:
                self._judge_window(name, job_id, now)
            here.add(job_id)

    def _now(self, job_id: str, mark: str, lasts: int | None) -> int | None:
        """Return the time of an answer by the clock of the server, in ms."""
        came = self._ledger.came_at(job_id)
        if self._lifetime is None and mark == "+" and came is not None and lasts is not None:
            self._lifetime = lasts - came
        return None if lasts is None or self._lifetime is None else lasts - self._lifetime

    def _is_true(
        self, job_id: str, name: str, before: dict[str, set[str]], here: set[str], now: int | None
    ) -> bool:
        if MODES.get(name) != WINDOW:
            return job_id in before.get(name, set()) or job_id in here
        opener, since = self._windows.get(name, ("", 0))
        is_open = now is None or now < since + WINDOW_MS + _BLUR
        return job_id in here or (opener == job_id and is_open)

    def _judge_window(self, name: str, job_id: str, now: int) -> None:
        if self._windows.get(name, ("", 0))[1] + WINDOW_MS > now + _BLUR:
            self._complain(f"{name} {job_id} went in {self._windows[name]} at {now}")

    def _follow_windows(self) -> None:
        ledger = self._ledger
        for job_id in ledger.touched:
            name = self.class_of.get(job_id, "?")
            if MODES.get(name) != WINDOW:
                continue
            is_dead = job_id in ledger.places["dead"]
            comes_back = job_id in ledger.revived
            came = ledger.came_at(job_id)
            if comes_back and came is not None:
                self._judge_window(name, job_id, came)
            if (job_id in ledger.inserted or comes_back) and came is not None:
                self._windows[name] = (job_id, came)
            elif is_dead and self._windows.get(name, ("", 0))[0] == job_id:
                del self._windows[name]

    def _judge_places(self) -> None:
        ledger = self._ledger
        for job_id in ledger.touched:
            places = ledger.set_of(job_id)
            if len(places) != (job_id in ledger.payloads):
                self._complain(f"{job_id} is in {places}")

    def _judge_vanished(self) -> None:
        ledger = self._ledger
        new = {self.class_of[job_id] for job_id in ledger.inserted}
        for job_id in ledger.vanished:
            name = self.class_of[job_id]
            if job_id in ledger.was_running or job_id in ledger.was_dead:
                self.verdict.counts["ended" if job_id in ledger.was_running else "deleted"] += 1
            elif MODES[name] == REPLACING and name in new:
                self.replaced.add(job_id)
                self.verdict.counts["replaced"] += 1
            else:
                self._complain(f"{name} {job_id} vanished")

    def _complain(self, text: str) -> None:
        if text in self._told:
            return
        self._told.add(text)
        number = self.verdict.counts["moments"]
        self.verdict.problems.append(f"moment {number}: {text}")


def _short(job_class: str) -> str:
    return job_class.rpartition(".")[2]
