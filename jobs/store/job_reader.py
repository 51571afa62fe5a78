"""The job reader: finds and lists jobs.

Like `reader` it only looks, and what it takes from Redis is bounded.

A set may hold millions of jobs, so nothing here reads a whole set. A portion is some hundred ranks
of one set. Redis itself throws away jobs of another class. It searches in no argument, since the
time that takes would tell people what is hidden from them.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from django.utils.translation import gettext as _

from jobs.conf import get_settings
from jobs.store.owner import Owner
from jobs.store.questions import Question
from jobs.store.reader import MOST_SHOWN, PLACES, Place, Reader, SetName
from jobs.text import grouped, shown, text_of

#: After so many bytes of payloads a portion ends, so that Redis is never blocked for long.
MOST_BYTES = 500_000
SET_NAMES: tuple[SetName, ...] = get_args(SetName)


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

    def behind(self, looked_at: int) -> int:
        """Return the rank at which a walk goes on.

        It has looked at so many of these. A walk backwards looks at the rank before it next.
        """
        return self.last + 1 - looked_at if self.is_backwards else self.first + looked_at


@dataclass(frozen=True, slots=True)
class Location:
    """Where a job is: its payload, its place, and the score there.

    `worker` is empty unless the job runs. `too_long` is the number of bytes of a payload that is
    too long to be read, else 0.
    """

    queue: str
    payload: bytes
    place: SetName | Literal["running"] | None
    score: float
    worker: str
    too_long: int = 0


def longest_payload() -> int:
    """Return how many bytes of one payload are read to be shown.

    There is room for the longest arguments, the longest result and half a megabyte of past errors.
    A longer one would keep Redis busy, and take many times its size in memory here.
    """
    return 2 * get_settings().max_payload_bytes + MOST_BYTES


class JobReader:
    """Looks for jobs through a reader."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader, which keeps what cannot be read.

        Nothing is sent yet.
        """
        self._reader = reader
        self._store = reader.store
        self._client = reader.store.client
        self.sight = reader.sight

    def portion(self, ranks: Ranks, job_class: str = "", *, with_payloads: bool = True) -> Portion:
        """Return the jobs at these ranks, or those that may be of one class.

        Some may be of another: only who reads the payload can be sure. It ends with the job whose
        payload completes half a megabyte. One round trip, O(log n + ranks + bytes).
        """
        keys = self._store.keys(ranks.queue)
        key: str = getattr(keys, ranks.name)
        reads = with_payloads or bool(job_class)
        wanted = job_class.encode(errors="backslashreplace")
        args = [*ranks.args(), MOST_BYTES, int(reads), longest_payload(), wanted]
        found = self._reader.quietly(
            lambda: self._store.scripts.run("search", (keys.payloads, key), args)
        )
        if found is None:
            return self._without_payloads(ranks, matches_none=bool(job_class))
        looked_at, size, bare, entries = found
        if bare:  # the script passes over them
            reason = _("Ids without a payload stand in %(set)s: %(count)s") % {
                "count": grouped(bare),
                "set": shown(key),
            }
            self._reader.note(keys.payloads, reason)
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

    def sizes(
        self, queues: Sequence[str], name: SetName, bounds: tuple[str, str]
    ) -> dict[str, tuple[int, int]]:
        """Return how many jobs lie below some scores and between them, by queue.

        Bounds are the lowest and the highest score, or -inf and +inf. One round trip, O(queues log
        n).
        """
        low, high = bounds
        asked = []
        for queue in queues:
            key = getattr(self._store.keys(queue), name)
            asked += [
                Question(key, "zcount", ("-inf", f"({low}")),
                Question(key, "zcount", (low, high)),
            ]
        counts = self._reader.ask(asked)
        return {queue: (counts[2 * n], counts[2 * n + 1]) for n, queue in enumerate(queues)}

    def locate(self, queues: Sequence[str], job_id: str) -> Location | None:
        """Return where a job is, or None if none of these queues has it.

        Three round trips, O(queues + log n).
        """
        questions = [
            Question(self._store.keys(queue).payloads, "hstrlen", (job_id,)) for queue in queues
        ]
        lengths = self._reader.ask(questions)
        holding = [queue for queue, length in zip(queues, lengths, strict=True) if length]
        return self._locate(holding or queues, job_id)

    def _locate(self, queues: Sequence[str], job_id: str) -> Location | None:
        """Look into every place of these queues, also for an id without a payload."""
        asked = []
        for queue in queues:
            keys = self._store.keys(queue)
            asked += [
                Question(keys.payloads, "hstrlen", (job_id,)),
                Question(keys.running, "hget", (job_id,), default=None),
            ]
            asked += [
                Question(getattr(keys, name), "zscore", (job_id,), default=None)
                for name in SET_NAMES
            ]
        answers = self._reader.ask(asked)
        width = 2 + len(SET_NAMES)
        for n, queue in enumerate(queues):
            length, held_by, *scores = answers[n * width : (n + 1) * width]
            is_there = length or any(answer is not None for answer in (held_by, *scores))
            if not is_there:
                continue
            where = self._location(queue, job_id, held_by, scores)
            if length > longest_payload():
                return replace(where, too_long=length)
            payload = self._payload(queue, job_id)
            if payload is not None:  # else it has just ended, or only its id is left
                return replace(where, payload=payload)
        return None

    def _payload(self, queue: str, job_id: str) -> bytes | None:
        key = self._store.keys(queue).payloads
        payload: bytes | None
        [payload] = self._reader.ask([Question(key, "hget", (job_id,), default=None)])
        return payload

    def places(
        self, queue: str, ids: Sequence[str], leave_out: Collection[str]
    ) -> dict[str, list[Place]]:
        """Return in which places each job is.

        Those left out are not looked into. One round trip, O(k log n).
        """
        keys = self._store.keys(queue)
        places = [place for place in PLACES if place not in leave_out]
        asked = []
        for job_id in ids:
            for place in places:
                command = "hexists" if place in {"payloads", "running"} else "zscore"
                asked.append(Question(getattr(keys, place), command, (job_id,), default=None))
        answers = iter(self._reader.ask(asked))
        found = {job_id: [(place, next(answers)) for place in places] for job_id in ids}
        return {
            job_id: [place for place, answer in each if answer is not None and answer is not False]
            for job_id, each in found.items()
        }

    def ahead(self, queue: str, job_id: str) -> int | None:
        """Return how many jobs will be taken before this one.

        Return None if it is not ready. One round trip, O(log n).
        """
        [rank] = self._reader.ask(
            [Question(self._store.keys(queue).ready, "zrank", (job_id,), default=None)]
        )
        return None if rank is None else int(rank)

    def lease_seconds(self, queue: str, worker: str) -> float | None:
        """Return how long a worker keeps its jobs without a renewal.

        In seconds. It is 0 when the worker was given up, and None if it is unknown. O(1).
        """
        leases = Question(self._store.keys(queue).leases, "zscore", (worker,), default=None)
        [deadline], now = self._reader.ask([leases]), self._reader.now()
        if deadline is None or not math.isfinite(deadline):
            return None
        return max(0.0, float(deadline) / 1000 - now)

    def _location(
        self, queue: str, job_id: str, held_by: bytes | None, scores: Sequence[float | None]
    ) -> Location:
        if held_by is not None:
            owner = Owner.parse(held_by)
            if not owner.is_sound:
                values = {"id": shown(job_id), "owner": shown(text_of(held_by[:MOST_SHOWN]))}
                reason = _("Job %(id)s runs under an owner that cannot be read: %(owner)s") % values
                self._reader.note(self._store.keys(queue).running, reason)
            return Location(queue, b"", "running", owner.score, owner.worker)
        for name, score in zip(SET_NAMES, scores, strict=True):
            if score is not None:
                return Location(queue, b"", name, score, "")
        return Location(queue, b"", None, 0.0, "")
