"""The job reader: finds and lists jobs. Like `reader` it only looks, and what it takes from Redis is bounded.

A set may hold millions of jobs, so nothing here reads a whole one: a portion is some hundred ranks of one set, and
Redis itself throws away what does not contain the texts that are looked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from jobs.store.reader import Reader, SetName

#: After so many bytes of payloads a portion ends, so that Redis is never blocked for long.
MOST_BYTES = 500_000
SET_NAMES: tuple[SetName, ...] = get_args(SetName)


@dataclass(frozen=True, slots=True)
class Entry:
    """A job in a set. `rank` counts in the direction that was asked for; `payload` is None where it was not read."""

    rank: int
    job_id: str
    score: float
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Portion:
    """What a look at some ranks brought. `looked_at` may be less than asked; it `is_end` when there were no more."""

    looked_at: int
    is_end: bool
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Ranks:
    """Some ranks of one set. `is_reversed`: rank 0 is the high end. `is_backwards`: the last is looked at first."""

    queue: str
    name: SetName
    first: int
    last: int
    is_reversed: bool = False
    is_backwards: bool = False


@dataclass(frozen=True, slots=True)
class Location:
    """Where a job is: its payload, and its place with the score there. `worker` is empty unless it runs."""

    queue: str
    payload: bytes
    place: SetName | Literal["running"] | None
    score: float
    worker: str


class JobReader:
    """Looks for jobs through a reader."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader; nothing is sent yet."""
        self._store = reader.store
        self._client = reader.store.client

    def portion(
        self, ranks: Ranks, texts: Sequence[bytes] = (), *, most: int = 1_000, with_payloads: bool = True
    ) -> Portion:
        """Return the jobs at these ranks whose payloads contain every text, which are in small ASCII letters.

        It ends with the last of `most` jobs, or after half a megabyte of payloads.
        One round trip, O(log n + ranks + bytes).
        """
        keys = self._store.keys(ranks.queue)
        reads = with_payloads or bool(texts)
        ends = [MOST_BYTES, most, int(reads)]
        args = [ranks.first, ranks.last, int(ranks.is_reversed), int(ranks.is_backwards), *ends]
        with self._store.available():
            looked_at, size, found = self._store.scripts.run(
                "search", (keys.payloads, getattr(keys, ranks.name)), [*args, *texts]
            )
        entries = [
            Entry(found[i], found[i + 1].decode(), float(found[i + 2]), found[i + 3]) for i in range(0, len(found), 4)
        ]
        return Portion(looked_at, size < ranks.last - ranks.first + 1 and looked_at == size, entries)

    def sizes(self, queues: Sequence[str], name: SetName, bounds: tuple[str, str]) -> dict[str, tuple[int, int]]:
        """Return for each queue how many jobs of a set lie below some scores, and how many between them.

        Bounds are the lowest and the highest score, or -inf and +inf. One round trip, O(queues log n).
        """
        low, high = bounds
        with self._store.available(), self._client.pipeline(transaction=False) as pipe:
            for queue in queues:
                key = getattr(self._store.keys(queue), name)
                pipe.zcount(key, "-inf", f"({low}")
                pipe.zcount(key, low, high)
            counts = pipe.execute() if queues else []
        return {queue: (counts[2 * n], counts[2 * n + 1]) for n, queue in enumerate(queues)}

    def locate(self, queues: Sequence[str], job_id: str) -> Location | None:
        """Return where a job is, None if it is in none of these queues. One round trip, O(queues log n)."""
        with self._store.available(), self._client.pipeline(transaction=False) as pipe:
            for queue in queues:
                keys = self._store.keys(queue)
                pipe.hget(keys.payloads, job_id)
                pipe.hget(keys.running, job_id)
                for name in SET_NAMES:
                    pipe.zscore(getattr(keys, name), job_id)
            answers = pipe.execute() if queues else []
        width = 2 + len(SET_NAMES)
        for n, queue in enumerate(queues):
            payload, held_by, *scores = answers[n * width : (n + 1) * width]
            if payload is not None:
                return _location(queue, payload, held_by, scores)
        return None

    def ahead(self, queue: str, job_id: str) -> int | None:
        """Return how many jobs will be taken before this one; None if it is not ready. One round trip, O(log n)."""
        with self._store.available():
            rank: Any = self._client.zrank(self._store.keys(queue).ready, job_id)
        return None if rank is None else int(rank)

    def lease_seconds(self, queue: str, worker: str) -> float | None:
        """Return how long a worker keeps its jobs without a renewal; 0 when given up, None if unknown. O(1)."""
        with self._store.available(), self._client.pipeline(transaction=False) as pipe:
            pipe.zscore(self._store.keys(queue).leases, worker)
            pipe.time()
            deadline, (seconds, microseconds) = pipe.execute()
        return None if deadline is None else max(0.0, deadline / 1000 - seconds - microseconds / 1e6)


def _location(queue: str, payload: bytes, held_by: bytes | None, scores: Sequence[float | None]) -> Location:
    if held_by is not None:
        worker, _, restored = held_by.decode().rpartition("|")
        return Location(queue, payload, "running", float(restored), worker)
    for name, score in zip(SET_NAMES, scores, strict=True):
        if score is not None:
            return Location(queue, payload, name, score, "")
    return Location(queue, payload, None, 0.0, "")
