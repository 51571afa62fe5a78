"""The reader: every command that only looks at Redis.

Used by `inspect`. The worker and `enqueue` never come here.

It writes nothing and needs no script to be loaded. What belongs to one page travels in
one pipeline. On a cluster that is one round trip for each node. A Redis that is
unreachable, late or full raises StoreUnavailable.

A key that cannot be read is noted and taken to be empty (see `problems`). So it costs
its own line and nothing else.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

from django.utils.translation import gettext as _

from jobs.store.heartbeats import FORGET_AFTER
from jobs.store.keys import KINDS
from jobs.store.questions import Asker, Question
from jobs.text import shown, text_of

#: The sets whose jobs are to run.
WaitingSet = Literal["ready", "scheduled", "retry"]
SetName = Literal[WaitingSet, "dead", "done"]
#: Where the id of a job may stand: with its payload, under a worker, or in a set.
Place = Literal["payloads", "running", SetName]
PLACES: tuple[Place, ...] = get_args(Place)
#: Ids that one round trip brings, about.
PORTION = 500
#: The part of a ready score that is time, in bits; above it stands 100 - priority.
TIME_BITS = 44
#: The highest score of a ready job: priorities go down to -100. Behind it stands only
#: what no client has written.
HIGHEST_READY = 201 << TIME_BITS
#: A count as it stands in a hash, and the longest part of another value that is shown.
WHOLE, MOST_SHOWN = re.compile(rb"-?[0-9]{1,19}"), 40
#: HSCAN would bring the payloads too. Its NOVALUES is younger than our oldest Redis.
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
    """The numbers of one queue.

    `processed` and `failed` count since the queue was first used. `due_at` is when its first
    scheduled job or retry is due, or was.
    """

    ready: int
    running: int
    scheduled: int
    retry: int
    dead: int
    done: int
    processed: int
    failed: int
    is_paused: bool
    due_at: float | None
    most_running: int | None


class StoredHeartbeat(NamedTuple):
    """A heartbeat as it stands in Redis.

    `seen_at` is when Redis got it, by the clock of Redis.
    """

    seen_at: float
    facts: Mapping[bytes, bytes]


class Reader(Asker):
    """Looks through one store, whose connections and keys it shares.

    Make one for each page: it is cheap.
    """

    # Queues

    def queue_names(self) -> set[str]:
        """Return the names of all queues ever used.

        One round trip, O(queues).
        """
        key = self.store.shared.queues
        [names] = self.ask([Question(key, "smembers", default=())])
        return {self._name(key, raw) for raw in names}

    def counts(self, queues: Sequence[str]) -> dict[str, QueueCounts]:
        """Return the numbers of each queue.

        One round trip, O(queues).
        """
        asked = [question for queue in queues for question in self._count_questions(queue)]
        answers = iter(self.ask(asked))
        return {queue: self._counts(queue, [next(answers) for _ in range(10)]) for queue in queues}

    def _count_questions(self, queue: str) -> list[Question]:
        k = self.store.keys(queue)
        sets = [Question(key, "zcard") for key in (k.ready, k.scheduled, k.retry, k.dead, k.done)]
        return [
            *sets,
            Question(k.running, "hlen"),
            Question(k.stats, "hmget", ("processed", "failed"), default=(None, None)),
            Question(k.meta, "hmget", ("paused", "most_running"), default=(None, None)),
            Question(k.scheduled, "zrange", (0, 0), {"withscores": True}, default=()),
            Question(k.retry, "zrange", (0, 0), {"withscores": True}, default=()),
        ]

    def _counts(self, queue: str, answers: Sequence[Any]) -> QueueCounts:
        ready, scheduled, retry, dead, done, running, (processed, failed), meta = answers[:8]
        keys, paused = self.store.keys(queue), meta[0]
        heads = [score / 1000 for head in answers[8:] for _id, score in head]
        return QueueCounts(
            ready,
            running,
            scheduled,
            retry,
            dead,
            done,
            self._whole(keys.stats, "processed", processed),
            self._whole(keys.stats, "failed", failed),
            is_paused=paused == b"1",
            due_at=min(heads, default=None),
            most_running=self._whole(keys.meta, "most_running", meta[1]) or None,
        )

    def daily_counts(
        self, queues: Sequence[str], days: Sequence[int]
    ) -> dict[int, tuple[int, int]]:
        """Return (processed, failed) on each day, of all queues together.

        Days are counted since the epoch. One round trip.
        """
        fields = [f"{name}:{day}" for day in days for name in ("processed", "failed")]
        nothing = [None] * len(fields)
        stats = [self.store.keys(queue).stats for queue in queues]
        answers = self.ask([Question(key, "hmget", (fields,), default=nothing) for key in stats])
        sums = [0] * len(fields)
        for key, counts in zip(stats, answers, strict=True):
            for n, count in enumerate(counts):
                if count is not None:  # most days of most queues are empty
                    sums[n] += self._whole(key, fields[n], count)
        return {day: (sums[2 * n], sums[2 * n + 1]) for n, day in enumerate(days)}

    def ready_since(self, queues: Sequence[str]) -> dict[str, float]:
        """Return when the oldest ready job of each queue became ready.

        In epoch seconds. A queue without ready jobs is left out. The ready set is in order of
        priority, then time. So this hops from one priority in use to the next. One round
        trip for each priority, for all queues together, and one more. O(log n) in each.
        """
        oldest: dict[str, float] = {}
        bands = dict.fromkeys(queues, 0)
        while bands:
            heads = self._band_heads(bands)
            bands = {}
            for queue, score in heads.items():
                band, milliseconds = divmod(score, 1 << TIME_BITS)
                # A job that a repair put at the very head of its priority has no time.
                # The next hop looks behind it.
                bands[queue] = band + 1 if milliseconds else band
                if milliseconds:
                    oldest[queue] = min(milliseconds / 1000, oldest.get(queue, float("inf")))
        return oldest

    def _band_heads(self, bands: Mapping[str, int]) -> dict[str, int]:
        """Return for each queue the lowest score in its band.

        The very head of the band does not count, and a queue without such a score is
        left out.

        The look begins a millisecond behind the head. A fraction of one, which no
        client writes, would be found for ever.
        """
        options = {"start": 0, "num": 1, "withscores": True}
        asked = []
        for queue, band in bands.items():
            bounds = ((band << TIME_BITS) + 1, HIGHEST_READY)
            asked.append(
                Question(self.store.keys(queue).ready, "zrangebyscore", bounds, options, default=())
            )
        heads = self.ask(asked)
        return {queue: int(head[0][1]) for queue, head in zip(bands, heads, strict=True) if head}

    def ids(self, queue: str, place: str) -> Iterator[list[str]]:
        """Yield the ids in a set or hash in portions of about 500.

        An id that stays there all the while is yielded. One that comes or goes meanwhile
        may be. An id may come twice. A round trip for each portion, O(1), O(n) in all.
        """
        key: str = getattr(self.store.keys(queue), place)
        scan = self._scan_set if KINDS[place] == "zset" else self._scan_hash
        cursor = 0
        while True:
            cursor, found = self.attempt(key, partial(scan, key, cursor), (0, ()))
            if found:
                yield [text_of(raw) for raw in found]
            if cursor == 0:
                return

    def _scan_hash(self, key: str, cursor: int) -> tuple[int, list[bytes]]:
        cursor, fields = self._client.eval(SCAN_FIELDS, 1, key, cursor, PORTION)
        return int(cursor), fields

    def _scan_set(self, key: str, cursor: int) -> tuple[int, list[bytes]]:
        answer: Any = self._client.zscan(key, cursor, count=PORTION)
        return int(answer[0]), [member for member, _score in answer[1]]

    # Workers

    def workers(self) -> dict[str, StoredHeartbeat]:
        """Return the last heartbeat of each worker by its name.

        A worker that has been silent for an hour is not even looked at. Three round
        trips, O(workers).
        """
        key = self.store.shared.workers
        bounds = (self.now() - FORGET_AFTER, "+inf")
        [seen] = self.ask(
            [Question(key, "zrangebyscore", bounds, {"withscores": True}, default=())]
        )
        names = [(self._name(key, raw), at) for raw, at in seen]
        # Whoever sees only some queues is told of no key that names a worker of others.
        asker = self if self.sight.sees_all_queues else Asker(self.store)
        hashes = asker.ask(
            [Question(self.store.shared.worker(name), "hgetall", default={}) for name, _at in names]
        )
        return {
            name: StoredHeartbeat(at, facts)
            for (name, at), facts in zip(names, hashes, strict=True)
            if facts
        }

    # The server

    def now(self) -> float:
        """Return the time by Redis' clock, in epoch seconds. One round trip, O(1)."""
        return self.store.now()

    def ping(self) -> None:
        """Wait until Redis has answered.

        One round trip, O(1).
        """
        with self.store.available():
            self._client.ping()

    def info(self) -> dict[str, Any]:
        """Return what the server tells about itself.

        Of a cluster one node tells. One round trip, O(1).
        """
        info: dict[str, Any] = self.attempt("INFO", self._client.info, {})
        return info

    def number_of_keys(self) -> int:
        """Return how many keys the database holds, ours and others'.

        One round trip, O(1).
        """
        return int(self.attempt("DBSIZE", self._client.dbsize, 0))

    # Values

    def _name(self, key: str, raw: bytes) -> str:
        """Return a name that stands in a key.

        A name that is not UTF-8 is noted for those who see every queue.
        """
        name = text_of(raw)
        if shown(name) != name and self.sight.sees_all_queues:
            self.note(
                key, _("It holds a name that is not UTF-8: %(name)s.") % {"name": shown(name)}
            )
        return name

    def _whole(self, key: str, field: str, value: bytes | None) -> int:
        """Return the count in a field of a hash.

        A value that is no number is noted.
        """
        if value is None or WHOLE.fullmatch(value):
            return int(value or 0)
        text = shown(text_of(value[:MOST_SHOWN]))
        self.note(
            key, _("Its field %(field)s is no number: %(value)s") % {"field": field, "value": text}
        )
        return 0
