"""The reader: every command that only looks at Redis. Used by `inspect`; the worker and `enqueue` never come here.

It writes nothing and needs no script to be loaded. What belongs to one page travels in one pipeline, which on a cluster
is one round trip for each node. Redis unreachable, late or full raises StoreUnavailable.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from jobs.store.store import Store

SetName = Literal["ready", "scheduled", "retry", "dead", "done"]
#: Where the id of a job may stand: with its payload, under a worker, or in a set.
Place = Literal["payloads", "running", SetName]
PLACES: tuple[Place, ...] = get_args(Place)
#: Ids that one round trip brings, about.
PORTION = 500
#: The part of a ready score that is time, in bits; above it stands 100 - priority.
TIME_BITS = 44
#: A worker silent for so long is not even looked at, in seconds: what a crashed machine leaves must not add up.
LONGEST_SILENCE = 3600
#: HSCAN would bring the payloads too, and its NOVALUES is younger than the oldest Redis that we work on.
SCAN_FIELDS = """
local scanned = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local fields = {}
for i = 1, #scanned[2], 2 do
  fields[#fields + 1] = scanned[2][i]
end
return {scanned[1], fields}
"""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The numbers of one queue; `processed` and `failed` since it was first used."""

    ready: int
    running: int
    scheduled: int
    retry: int
    dead: int
    done: int
    processed: int
    failed: int
    is_paused: bool


class Reader:
    """Looks through one store, whose connections and keys it shares. Threads may share it."""

    def __init__(self, store: Store) -> None:
        """Take the store; nothing is sent yet."""
        self.store = store
        self._client = store.client

    # Queues

    def queue_names(self) -> set[str]:
        """Return the names of all queues ever used. One round trip, O(queues)."""
        with self.store.available():
            return set(_texts(self._client.smembers(self.store.shared.queues)))

    def counts(self, queues: Sequence[str]) -> dict[str, QueueCounts]:
        """Return the numbers of each queue. One round trip, O(queues)."""
        with self.store.available(), self._client.pipeline(transaction=False) as pipe:
            for queue in queues:
                k = self.store.keys(queue)
                pipe.zcard(k.ready)
                pipe.hlen(k.running)
                for key in (k.scheduled, k.retry, k.dead, k.done):
                    pipe.zcard(key)
                pipe.hmget(k.stats, "processed", "failed")
                pipe.hget(k.meta, "paused")
            answers = iter(pipe.execute() if queues else ())
        return {queue: _counts([next(answers) for _ in range(8)]) for queue in queues}

    def daily_counts(self, queues: Sequence[str], days: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Return (processed, failed) of all queues together on each day since the epoch. One round trip."""
        fields = [f"{name}:{day}" for day in days for name in ("processed", "failed")]
        with self.store.available(), self._client.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.hmget(self.store.keys(queue).stats, fields)
            answers = pipe.execute() if queues else []
        sums = [sum(int(count or 0) for count in counts) for counts in zip(*answers, strict=True)]
        return {day: (sums[2 * n], sums[2 * n + 1]) if sums else (0, 0) for n, day in enumerate(days)}

    def ready_since(self, queues: Sequence[str]) -> dict[str, float]:
        """Return for each queue that has ready jobs when its oldest became ready, in epoch seconds.

        The ready set is in order of priority, then time: so this hops from one priority in use to the next. One round
        trip for each, for all queues together, and one more; O(log n) in each.
        """
        oldest: dict[str, float] = {}
        bands = dict.fromkeys(queues, 0)
        while bands:
            heads = self._band_heads(bands)
            bands = {}
            for queue, score in heads.items():
                band, milliseconds = divmod(score, 1 << TIME_BITS)
                # A job that a repair put at the very head of its priority has no time: the next hop looks behind it.
                bands[queue] = band + 1 if milliseconds else band
                if milliseconds:
                    oldest[queue] = min(milliseconds / 1000, oldest.get(queue, float("inf")))
        return oldest

    def _band_heads(self, bands: Mapping[str, int]) -> dict[str, int]:
        """Return for each queue the lowest score behind the very head of its band, where there is one."""
        with self.store.available(), self._client.pipeline(transaction=False) as pipe:
            for queue, band in bands.items():
                bound = f"({band << TIME_BITS}"
                pipe.zrangebyscore(self.store.keys(queue).ready, bound, "+inf", start=0, num=1, withscores=True)
            heads = pipe.execute()
        return {queue: int(head[0][1]) for queue, head in zip(bands, heads, strict=True) if head}

    def ids(self, queue: str, place: Place) -> Iterator[list[str]]:
        """Yield the ids in one place in portions of about 500, a round trip each; an id may come twice.

        What stays there all the while is yielded; what comes or goes meanwhile may be. O(1) per portion, O(n) in all.
        """
        key: str = getattr(self.store.keys(queue), place)
        cursor = 0
        while True:
            with self.store.available():
                if place in {"payloads", "running"}:
                    cursor, ids = self._client.eval(SCAN_FIELDS, 1, key, cursor, PORTION)
                else:
                    cursor, pairs = self._client.zscan(key, cursor, count=PORTION)
                    ids = [job_id for job_id, _ in pairs]
            if ids:
                yield _texts(ids)
            cursor = int(cursor)
            if cursor == 0:
                return

    # Workers

    def workers(self) -> dict[str, dict[str, str]]:
        """Return what each worker told in its last heartbeat, by its name. Three round trips, O(workers)."""
        shared = self.store.shared
        with self.store.available():
            earliest = self.now() - LONGEST_SILENCE
            names = _texts(self._client.zrangebyscore(shared.workers, earliest, "+inf"))
            with self._client.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.hgetall(shared.worker(name))
                told = pipe.execute() if names else []
        facts = zip(names, told, strict=True)
        return {name: {k.decode(): v.decode() for k, v in fact.items()} for name, fact in facts if fact}

    # The server

    def now(self) -> float:
        """Return the time by Redis' clock, in epoch seconds. One round trip, O(1)."""
        with self.store.available():
            seconds, microseconds = self._client.time()
        return float(seconds + microseconds / 1e6)

    def ping(self) -> None:
        """Return when Redis has answered. One round trip, O(1)."""
        with self.store.available():
            self._client.ping()

    def info(self) -> dict[str, Any]:
        """Return what the server tells about itself; of a cluster, one node. One round trip, O(1)."""
        with self.store.available():
            info: dict[str, Any] = self._client.info()
        return info

    def number_of_keys(self) -> int:
        """Return how many keys the database holds, ours and others'. One round trip, O(1)."""
        with self.store.available():
            return int(self._client.dbsize())


def _texts(answers: Iterable[Any]) -> list[str]:
    return [answer.decode() for answer in answers]


def _counts(answers: Sequence[Any]) -> QueueCounts:
    ready, running, scheduled, retry, dead, done, (processed, failed), paused = answers
    return QueueCounts(
        ready, running, scheduled, retry, dead, done, int(processed or 0), int(failed or 0), is_paused=paused == b"1"
    )
