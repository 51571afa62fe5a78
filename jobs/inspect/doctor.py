"""The doctor: checks that every job is in exactly one place.

It can put back the jobs that are not.

The invariant: every id in `payloads` is in exactly one of ready, scheduled, retry,
dead, done and running. What is running is under a worker that has a lease. Nothing else
is anywhere.

It holds at every moment, so the check may run under live traffic. Redis judges each
portion in one atomic step, and only what is broken there twice is called broken. Before
that the doctor checks the keys themselves (`key_check`), so that one of another type
cannot stop it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from jobs.inspect.key_check import KeyCheck
from jobs.inspect.reader import get_reader
from jobs.inspect.trust import TrustCheck
from jobs.problem import Problem
from jobs.store.job_reader import JobReader
from jobs.store.keys import BESIDE_JOBS
from jobs.store.questions import refusals_explained
from jobs.store.reader import PLACES, Reader

#: Without these keys Redis cannot judge whether a job is in exactly one place.
JUDGED = frozenset({*PLACES, "leases", "bell"})
#: Without these keys Redis cannot judge what features keep: who holds which unique key, and more.
KEPT = frozenset({*BESIDE_JOBS, "unique", "windows"})


@dataclass(frozen=True, slots=True)
class Stray:
    """A job that is not in exactly one place.

    `found` says where it is.
    """

    queue: str
    job_id: str
    found: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was looked at, what is broken now, and what was repaired.

    `strays` and `repaired` are jobs. `problems` and `mended` are keys: of another type,
    with a name that cannot be read, without an end, or known to nobody.
    """

    queues: tuple[str, ...]
    jobs: int
    strays: tuple[Stray, ...]
    repaired: tuple[Stray, ...]
    problems: tuple[Problem, ...] = ()
    mended: tuple[Problem, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing is broken now."""
        return not (self.strays or self.problems)


def check_invariant(*, repair: bool = False, reader: Reader | None = None) -> Diagnosis:
    """Look at every job of every queue, and at every key.

    With `repair`, put back what can be put back without loss.

    It costs two round trips for each 500 jobs, and for each 500 entries of a set: O(n
    log n) in all, O(log n) at a time. Keys are looked for with SCAN, in two round trips
    for each 500.
    """
    reader = reader or get_reader()
    check = KeyCheck(reader, repair=repair)
    check.shared_keys()
    names = check.queues()
    rounds = [_Round(reader, check, queue) for queue in names]
    for each in rounds:
        each.go()
    check.outbox()
    return Diagnosis(
        queues=tuple(names),
        jobs=sum(each.jobs for each in rounds),
        strays=_in_order(set().union(*(each.strays for each in rounds))),
        repaired=_in_order(set().union(*(each.repaired for each in rounds))),
        problems=(*check.problems, *(p for each in rounds if (p := each.trust.problem))),
        mended=check.mended,
    )


class _Round:
    """The look at one queue.

    `strays` are still astray, `repaired` are not any more.
    """

    def __init__(self, reader: Reader, check: KeyCheck, queue: str) -> None:
        self._reader = reader
        self._check = check
        self._queue = queue
        self.trust = TrustCheck(reader, queue)
        self.jobs = 0
        self.strays: set[Stray] = set()
        self.repaired: set[Stray] = set()

    def go(self) -> None:
        wrong, repairs = self._check.types(self._queue)
        self._check.counters(self._queue)
        self._check.owners(self._queue)
        can_judge = wrong.isdisjoint(JUDGED)
        readable = [place for place in PLACES if place not in wrong]
        for place in readable:
            for ids in self._reader.ids(self._queue, place):
                if place == "payloads":
                    self.jobs += len(ids)
                    self.trust.look(ids)
                self._check.ids(self._queue, place, ids)
                if can_judge:
                    self._examine(ids, repair=repairs)
                else:
                    self.strays |= self._look_beside(ids, wrong)
        if can_judge and wrong.isdisjoint(KEPT):
            self._check.kept(self._queue)

    def _examine(self, ids: Sequence[str], *, repair: bool) -> None:
        """Note the strays among these jobs, and which of them were repaired."""
        suspects = self._audit(ids)
        found = self._audit(suspects, repair=repair)
        left = self._audit(found) if repair else found
        self.strays |= set(left.values())
        self.repaired |= set(found.values()) - set(left.values())

    def _audit(self, ids: Collection[str], *, repair: bool = False) -> dict[str, Stray]:
        if not ids:
            return {}
        with refusals_explained():
            found = self._reader.store.sets.audit(self._queue, list(ids), repair=repair)
        return {job_id: Stray(self._queue, job_id, where) for job_id, where in found}

    def _look_beside(self, ids: Sequence[str], wrong: Collection[str]) -> set[Stray]:
        """Return what is certainly astray where a key cannot be read.

        A job that is nowhere else may be in that key.
        """
        suspects = self._beside(ids, wrong)
        found = self._beside(suspects, wrong)
        return {Stray(self._queue, job_id, where) for job_id, where in found.items()}

    def _beside(self, ids: Collection[str], wrong: Collection[str]) -> dict[str, str]:
        found = JobReader(self._reader).places(self._queue, list(ids), wrong)
        strays = {}
        for job_id, places in found.items():
            sets = [place for place in places if place != "payloads"]
            lacks_payload = "payloads" not in places and "payloads" not in wrong
            where = ", ".join(sets)
            if sets and lacks_payload:
                strays[job_id] = f"no payload; {where}"
            elif len(sets) > 1:
                strays[job_id] = where
        return strays


def _in_order(strays: Iterable[Stray]) -> tuple[Stray, ...]:
    return tuple(sorted(strays, key=lambda stray: (stray.queue, stray.job_id)))
