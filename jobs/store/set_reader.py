"""The set reader: lists the jobs of sets.

Like `reader` it only looks, and what it takes from Redis is bounded.

A set may hold millions of jobs, so nothing here reads a whole set. A portion is some hundred ranks
of one set. Redis itself throws away jobs of another class. It searches in no argument, since the
time that takes would tell people what is hidden from them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from jobs.conf import get_settings
from jobs.store.questions import Question
from jobs.store.reader import Reader, SetName
from jobs.text import grouped, shown, text_of

#: After so many bytes of payloads a portion ends, so that Redis is never blocked for long.
MOST_BYTES = 500_000
#: Most jobs of one set, and most sets, that one round trip of `in_turns` brings.
PORTION, TOGETHER = 500, 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A job in a set.

    `rank` counts in the direction that was asked for. `payload` is None where it was not read.
    `too_long` is the number of its bytes where it is too long to be read, else 0.
    """

    rank: int
    job_id: str
    score: float
    payload: bytes | None
    too_long: int = 0

    @classmethod
    def parse(cls, rank: int, raw_id: bytes, score: bytes, known: bytes | int | None) -> "Entry":
        """Return the entry in an answer of the script `search`."""
        job_id = text_of(raw_id)
        if isinstance(known, int):
            return cls(rank, job_id, float(score), None, known)
        return cls(rank, job_id, float(score), known)


@dataclass(frozen=True, slots=True)
class Portion:
    """What a look at some ranks brought.

    `looked_at` may be less than asked. `is_end`: there were no more.
    """

    looked_at: int
    is_end: bool
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Ranks:
    """Some ranks of one set.

    `is_reversed`: rank 0 is the high end. `is_backwards`: the last is looked at first.
    """

    queue: str
    name: SetName
    first: int
    last: int
    is_reversed: bool = False
    is_backwards: bool = False

    def args(self) -> list[int]:
        """Return the ranks and directions as the script `search` takes them."""
        return [self.first, self.last, int(self.is_reversed), int(self.is_backwards)]

    def first_of(self, most: int) -> "Ranks":
        """Return the first of these ranks, so many at most."""
        last = self.first + most - 1
        return self if self.last <= last else replace(self, last=last)

    def behind(self, looked_at: int) -> int:
        """Return the rank at which a walk goes on.

        It has looked at so many of these. A walk backwards looks at the rank before it next.
        """
        return self.last + 1 - looked_at if self.is_backwards else self.first + looked_at


def longest_payload() -> int:
    """Return how many bytes of one payload are read to be shown.

    There is room for the longest arguments, the longest result and half a megabyte of past errors.
    A longer one would keep Redis busy, and take many times its size in memory here.
    """
    return 2 * get_settings().max_payload_bytes + MOST_BYTES


class SetReader:
    """Lists jobs through a reader."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader, which keeps what cannot be read.

        Nothing is sent yet.
        """
        self._reader = reader
        self._store = reader.store
        self.sight = reader.sight

    def portion(self, ranks: Ranks, job_class: str = "", *, with_payloads: bool = True) -> Portion:
        """Return the jobs at these ranks, or those that may be of one class.

        Some may be of another: only who reads the payload can be sure. It ends with the job whose
        payload completes half a megabyte. One round trip, O(log n + ranks + bytes).
        """
        [portion] = self.portions([ranks], job_class, with_payloads=with_payloads)
        return portion

    def portions(
        self, many: Sequence[Ranks], job_class: str = "", *, with_payloads: bool = True
    ) -> list[Portion]:
        """Return a portion of each of some sets.

        Together they bring half a megabyte, or a job of each where that is more. One round trip, on
        a cluster one for each.
        """
        reads = with_payloads or bool(job_class)
        wanted = job_class.encode(errors="backslashreplace")
        bounds = [MOST_BYTES // len(many), int(reads), longest_payload(), wanted]
        calls = [(self._keys(ranks), [*ranks.args(), *bounds]) for ranks in many]
        answers = self._reader.quietly(lambda: self._store.scripts.run_each("search", calls))
        return [
            self._without_payloads(ranks, matches_none=bool(job_class))
            if found is None
            else self._portion(ranks, *found)
            for ranks, found in zip(many, answers, strict=True)
        ]

    def in_turns(
        self, many: Iterable[Ranks], is_over: Callable[[], bool]
    ) -> Iterator[tuple[Ranks, Entry]]:
        """Yield the jobs at some ranks, a portion of each before more of any.

        One round trip brings 500 jobs of each of ten, or half a megabyte. It ends when it `is_over`
        at the latest.
        """
        waiting = deque(many)
        while waiting and not is_over():
            asked = [waiting.popleft() for _ in range(min(TOGETHER, len(waiting)))]
            portions = self.portions([ranks.first_of(PORTION) for ranks in asked])
            for ranks, portion in zip(asked, portions, strict=True):
                for entry in portion.entries:
                    yield ranks, entry
                next_rank = ranks.first + portion.looked_at
                if portion.looked_at and not portion.is_end and next_rank <= ranks.last:
                    waiting.append(replace(ranks, first=next_rank))

    def _keys(self, ranks: Ranks) -> tuple[str, str]:
        """Return the keys of the payloads and of the set."""
        keys = self._store.keys(ranks.queue)
        return keys.payloads, getattr(keys, ranks.name)

    def _portion(
        self, ranks: Ranks, looked_at: int, size: int, bare: int, entries: list[Any]
    ) -> Portion:
        if bare:  # the script passes over them
            payloads, key = self._keys(ranks)
            reason = _("Ids without a payload stand in %(set)s: %(count)s") % {
                "count": grouped(bare),
                "set": shown(key),
            }
            self._reader.note(payloads, reason)
        return Portion(
            looked_at,
            size < ranks.last - ranks.first + 1 and looked_at == size,
            [Entry.parse(*entries[i : i + 4]) for i in range(0, len(entries), 4)],
        )

    def _without_payloads(self, ranks: Ranks, *, matches_none: bool) -> Portion:
        """Return what the set alone tells.

        Return no entries where it is the set that cannot be read.
        """
        keys = self._store.keys(ranks.queue)
        options = {"desc": ranks.is_reversed, "withscores": True}
        members = Question(
            getattr(keys, ranks.name), "zrange", (ranks.first, ranks.last), options, default=()
        )
        found, _count = self._reader.ask([members, Question(keys.payloads, "hlen")])
        entries = [
            Entry(ranks.first + n, text_of(raw), score, None)
            for n, (raw, score) in enumerate(found)
        ]
        if ranks.is_backwards:
            entries.reverse()
        is_end = len(found) < ranks.last - ranks.first + 1
        return Portion(len(found), is_end, [] if matches_none else entries)

    def running(self, queue: str) -> Iterator[list[Entry]]:
        """Yield the jobs of a queue that run, in portions.

        Their ranks and scores are 0. A job that ends meanwhile is left out. Three round trips for
        each portion of about 500, and one more for each half a megabyte of payloads.
        """
        for ids in self._reader.ids(queue, "running"):
            yield self._by_id(queue, ids)

    def _by_id(self, queue: str, ids: list[str]) -> list[Entry]:
        payloads = self._store.keys(queue).payloads
        lengths = self._reader.ask([Question(payloads, "hstrlen", (job_id,)) for job_id in ids])
        sizes = dict(zip(ids, lengths, strict=True))
        longest = longest_payload()
        entries = [
            Entry(0, each, 0.0, None, size) for each, size in sizes.items() if size > longest
        ]
        readable = {each: size for each, size in sizes.items() if 0 < size <= longest}
        for some in _together(readable):
            nothing = [None] * len(some)
            [found] = self._reader.ask([Question(payloads, "hmget", (some,), default=nothing)])
            entries += [
                Entry(0, job_id, 0.0, payload)
                for job_id, payload in zip(some, found, strict=True)
                if payload is not None
            ]
        return entries

    def totals(self, queues: Sequence[str], names: Sequence[SetName]) -> dict[SetName, int]:
        """Return how many jobs each set has, over some queues together.

        One round trip, O(queues).
        """
        asked = [
            Question(getattr(self._store.keys(queue), name), "zcard")
            for name in names
            for queue in queues
        ]
        counts, each = self._reader.ask(asked), len(queues)
        return {name: sum(counts[n * each : (n + 1) * each]) for n, name in enumerate(names)}

    def sizes(
        self, queues: Sequence[str], name: SetName, bounds: tuple[str, str]
    ) -> dict[str, tuple[int, int]]:
        """Return how many jobs lie below some scores and between them, by queue.

        Bounds are the lowest and the highest score, or -inf and +inf. One round trip, O(queues log
        n).
        """
        low, high = bounds
        keys = [getattr(self._store.keys(queue), name) for queue in queues]
        asked = [Question(key, "zcount", (low, high)) for key in keys]
        if low != "-inf":
            asked += [Question(key, "zcount", ("-inf", f"({low}")) for key in keys]
        counts = self._reader.ask(asked)
        between, below = counts[: len(keys)], counts[len(keys) :] or [0] * len(keys)
        return dict(zip(queues, zip(below, between, strict=True), strict=True))


def _together(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield ids whose payloads are half a megabyte together, or one that is larger."""
    some: list[str] = []
    total = 0
    for job_id, size in sizes.items():
        if some and total + size > MOST_BYTES:
            yield some
            some, total = [], 0
        some.append(job_id)
        total += size
    if some:
        yield some
