"""Metrics in Redis: what each job class did in each stretch of time.

They tell how many runs ended, how long they took, and how many failed.

One string holds the slots of one name for a stretch of time. All slots have the same
size. So one BITFIELD adds what a worker measured, several workers add to the same slot,
and one GETRANGE reads a day.

Metrics are for people to look at. A lost answer may count some runs twice.
"""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import add

from django.utils.translation import gettext as _

from jobs.store.questions import Question
from jobs.store.reader import Reader
from jobs.store.slot_layout import SlotLayout
from jobs.store.store import Store
from jobs.text import text_of

#: Upper bounds of all buckets but the last, in seconds. They are the preferred numbers
#: R5 (ISO 3) from 1 ms to 6,300 s.
BOUNDS: tuple[float, ...] = tuple(
    round(step * 10.0**power, 6) for power in range(-3, 4) for step in (1, 1.6, 2.5, 4, 6.3)
)
BUCKETS = len(BOUNDS) + 1
_LAYOUT = SlotLayout(BUCKETS)
#: How the names begin under which the queries of a job class, and the time they took, are measured.
QUERIES, QUERY_TIME = "queries:", "query_time:"
#: How the names begin under which is measured how long jobs waited for their first run, by queue.
WAITS = "wait:"
#: The names of all runs together, and of all these waits. So a look at everything reads two names.
ALL_RUNS, ALL_WAITS = "all:runs", "all:waits"
#: A measure counts time. So a query counts as a millisecond there.
SECONDS_OF_A_QUERY = 0.001
#: A name that was not seen for so long is forgotten, in seconds.
FORGET_AFTER = 90 * 86_400
#: Most deploy marks that are kept.
MOST_DEPLOYS = 100
#: The longest label of a deploy.
MOST_LABEL_CHARACTERS = 100
#: How many names are looked through for one of a kind: a job class has up to three, a queue two.
NAMES_FOR_ONE = 20


@dataclass(frozen=True, slots=True)
class Resolution:
    """How long a slot is, and how many stand in one string.

    `seconds` is the length of a slot, `slots` their number, and `keep` how many seconds
    the string is kept.
    """

    name: str
    seconds: int
    slots: int
    keep: int | None

    def place(self, at: float) -> tuple[int, int]:
        """Return the numbers of the string and of the slot for a moment.

        The moment is in epoch seconds.
        """
        return divmod(int(at) // self.seconds, self.slots) if self.seconds else (0, 0)


TEN_SECONDS = Resolution("10s", 10, 30, 600)
MINUTES = Resolution("1", 60, 60, 9 * 3600)
TEN_MINUTES = Resolution("10", 600, 144, 4 * 86_400)
TOTAL = Resolution("all", 0, 1, None)
RESOLUTIONS = (TEN_SECONDS, MINUTES, TEN_MINUTES, TOTAL)


_bucket_of = partial(bisect_left, BOUNDS)


@dataclass(slots=True)
class Measure:
    """What was measured of one name in one stretch of time."""

    runs: int = 0
    failures: int = 0
    microseconds: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    @property
    def numbers(self) -> tuple[int, ...]:
        """All of them, in the order in which they are kept."""
        return (self.runs, self.failures, self.microseconds, *self.buckets)

    def add(self, seconds: float, *, is_failure: bool) -> None:
        """Add one run."""
        self.add_many([seconds], failures=int(is_failure))

    def add_measure(self, other: "Measure") -> None:
        """Add what was measured elsewhere."""
        self.runs += other.runs
        self.failures += other.failures
        self.microseconds += other.microseconds
        self.buckets = list(map(add, self.buckets, other.buckets))

    def add_many(self, seconds: Sequence[float], *, failures: int) -> None:
        """Add runs by their durations, so many of which failed."""
        self.runs += len(seconds)
        self.failures += failures
        self.microseconds += round(sum(seconds) * 1e6)
        for bucket, runs in Counter(map(_bucket_of, seconds)).items():
            self.buckets[bucket] += runs


class MetricStore:
    """Writes measures and deploy marks through one store."""

    def __init__(self, store: Store) -> None:
        """Take the store without sending anything."""
        self._store = store
        self._client = store.client
        self._keys = store.shared

    def add(self, measures: Iterable[tuple[str, float, Measure]]) -> None:
        """Add (name, epoch seconds, measure) to what is there.

        One round trip, O(k).
        """
        with self._store.available(), self._client.pipeline(transaction=False) as pipe:
            seen: dict[str, float] = {}
            for name, at, measure in measures:
                seen[name] = max(at, seen.get(name, 0.0))
                for resolution in RESOLUTIONS:
                    chunk, slot = resolution.place(at)
                    key = self._keys.metric(resolution.name, chunk, name)
                    pipe.execute_command(
                        "BITFIELD", key, *_LAYOUT.increments(slot, measure.numbers)
                    )
                    if resolution.keep:
                        pipe.expire(key, resolution.keep)
            if seen:
                pipe.zadd(self._keys.metric_names, seen, gt=True)
                pipe.zremrangebyscore(self._keys.metric_names, "-inf", time.time() - FORGET_AFTER)
                pipe.execute()

    def mark_deploy(self, label: str) -> float:
        """Keep a deploy mark of this moment, and return the moment.

        In epoch seconds. Two round trips, O(log n).
        """
        at = self._store.now()
        with self._store.available(), self._client.pipeline(transaction=False) as pipe:
            pipe.zadd(self._keys.deploys, {f"{at * 1000:.0f} {label}": at})
            pipe.zremrangebyrank(self._keys.deploys, 0, -MOST_DEPLOYS - 1)
            pipe.execute()
        return at


class MetricReader:
    """Reads measures and deploy marks through a reader, which keeps what cannot be read."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader without sending anything."""
        self._reader = reader
        self._keys = reader.store.shared

    def names(self, prefix: str, most: int) -> list[str]:
        """Return the names with this prefix that were seen last.

        One round trip, O(log n + names).
        """
        question = Question(
            self._keys.metric_names, "zrange", (0, NAMES_FOR_ONE * most), {"desc": True}, default=()
        )
        [latest] = self._reader.ask([question])
        return [name for name in map(text_of, latest) if name.startswith(prefix)][:most]

    def active(self, prefix: str, since: float, most: int) -> list[str]:
        """Return the names with this prefix that were seen since a moment.

        The latest are the first, and there are at most so many. One round trip, O(log n
        + names).
        """
        bounds, options = ("+inf", since), {"start": 0, "num": NAMES_FOR_ONE * most}
        question = Question(
            self._keys.metric_names, "zrevrangebyscore", bounds, options, default=()
        )
        [latest] = self._reader.ask([question])
        return [name for name in map(text_of, latest) if name.startswith(prefix)][:most]

    def read(
        self, names: Sequence[str], resolution: Resolution, until: float, slots: int
    ) -> dict[str, list[Measure | None]]:
        """Return the last slots of each name, up to the one of `until`.

        The oldest is the first. A slot is None where nothing was measured, or where it
        holds what nothing can have measured. One round trip, O(bytes).
        """
        found = self._pieces_of(names, resolution, until, slots)
        return {
            name: [slot for piece in pieces for slot in self._slots(*piece)]
            for name, pieces in found.items()
        }

    def counts(
        self, names: Sequence[str], resolution: Resolution, until: float, slots: int
    ) -> dict[str, list[tuple[int, int]]]:
        """Return (runs, failures) in the last slots of each name, the oldest first.

        For a look at many names: it passes over the times. One round trip, O(bytes).
        """
        found = self._pieces_of(names, resolution, until, slots)
        return {
            name: [slot for piece in pieces for slot in self._counts(*piece)]
            for name, pieces in found.items()
        }

    def _pieces_of(
        self, names: Sequence[str], resolution: Resolution, until: float, slots: int
    ) -> dict[str, list[tuple[Question, bytes, int]]]:
        """Return the strings that hold the last slots of each name.

        Each comes with its question and the number of its slots.
        """
        pieces = list(_pieces(resolution, until, slots))
        asked = []
        for name in names:
            for chunk, first, last in pieces:
                key = self._keys.metric(resolution.name, chunk, name)
                span = (first * _LAYOUT.size, (last + 1) * _LAYOUT.size - 1)
                asked.append(Question(key, "getrange", span, default=b""))
        answers = iter(zip(asked, self._reader.ask(asked), strict=True))
        return {
            name: [(*next(answers), last - first + 1) for _chunk, first, last in pieces]
            for name in names
        }

    def deploys(self, since: float) -> list[tuple[float, str]]:
        """Return (epoch seconds, label) of the marks since a moment, the oldest first.

        One round trip, O(log n + k).
        """
        question = Question(
            self._keys.deploys, "zrangebyscore", (since, "+inf"), {"withscores": True}, default=()
        )
        [found] = self._reader.ask([question])
        return [(at, text_of(member).partition(" ")[2]) for member, at in found]

    def _slots(self, question: Question, raw: bytes, count: int) -> Iterable[Measure | None]:
        """Yield every slot of a piece.

        The string may end before the piece, or within its last slot that was written.
        """
        for start in range(0, count * _LAYOUT.size, _LAYOUT.size):
            try:
                numbers = _LAYOUT.numbers(raw[start : start + _LAYOUT.size])
            except ValueError:
                self._note_nonsense(question)
                numbers = None
            yield Measure(*numbers) if numbers else None

    def _counts(self, question: Question, raw: bytes, count: int) -> Iterable[tuple[int, int]]:
        """Yield the runs and failures of every slot of a piece."""
        for runs, failures in _LAYOUT.counts(raw, count):
            if failures <= runs:
                yield runs, failures
            else:
                self._note_nonsense(question)
                yield 0, 0

    def _note_nonsense(self, question: Question) -> None:
        remedy = _(
            "It ends by itself in a few days. To be rid of it now, delete the key with redis-cli."
        )
        self._reader.note(question.key, _("It holds numbers that nothing has measured."), remedy)


def _pieces(resolution: Resolution, until: float, slots: int) -> Iterable[tuple[int, int, int]]:
    """Yield (string, first slot, last slot) that make up the last slots."""
    chunk, last = resolution.place(until)
    end = chunk * resolution.slots + last
    at = end - slots + 1
    while at <= end:
        chunk, first = divmod(at, resolution.slots)
        last = min(resolution.slots - 1, first + end - at)
        yield chunk, first, last
        at += last - first + 1
