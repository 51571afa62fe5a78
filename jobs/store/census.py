"""The census: which keys there really are, and of which types.

It serves the doctor alone, who also repairs through it.

It looks for keys with SCAN, in bounded portions, so it may run beside everything else.
"""

import re
import time
from collections.abc import Iterator, Sequence
from functools import partial

import redis

from jobs.store.keys import KINDS, QueueKeys, pattern_of
from jobs.store.questions import Question, refusals_explained
from jobs.store.reader import PORTION, WHOLE, Reader
from jobs.text import text_of

#: Put a new value into a field, or into another field instead of it. Do so only if the field still
#: holds the value that was seen.
REPLACE_FIELD = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
if ARGV[1] ~= ARGV[3] then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1
"""
#: Rename a key if it is still of another type than it should be, and note that for a while.
SET_ASIDE = """
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' or kind == ARGV[1] then return 0 end
if redis.call('RENAMENX', KEYS[1], KEYS[2]) == 0 then return 1 end
if KEYS[3] then redis.call('SET', KEYS[3], 1, 'EX', ARGV[2]) end
return 2
"""
_PRIORITY = re.compile(rb'\{"priority":(-?[0-9]{1,3})[,}]')


class Census:
    """Looks at keys through a reader."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader without sending anything."""
        self._reader = reader
        self._store = reader.store
        self._client = reader.store.client
        self.shared = reader.store.shared

    # Looking

    def kinds(self, keys: Sequence[str]) -> list[str]:
        """Return the type of each key.

        The type is `none` where there is no such key. One round trip.
        """
        return [
            text_of(answer)
            for answer in self._reader.ask([Question(key, "type", default=b"none") for key in keys])
        ]

    def queue_keys(self, queue: str) -> dict[str, str]:
        """Return the keys of a queue by their last part, such as `ready`."""
        keys: QueueKeys = self._store.keys(queue)
        return {name: getattr(keys, name) for name in KINDS}

    def of_queues(self) -> Iterator[list[tuple[str, str, str]]]:
        """Yield all keys of all queues in portions, as (key, queue, last part).

        One round trip for each portion.
        """
        prefix = f"{{{self._store.namespace}:"
        for keys in self._portions(f"{pattern_of(prefix)}*}}:*"):
            parts = ((key, *key.removeprefix(prefix).partition("}:")) for key in keys)
            yield [(key, queue, last) for key, queue, _brace, last in parts]

    def of_nobody(self) -> Iterator[list[str]]:
        """Yield all keys that belong to no queue, in portions."""
        yield from self._portions(f"{pattern_of(self._store.namespace)}:*")

    def endless(self, keys: Sequence[str]) -> list[str]:
        """Return those of these keys that will not end by themselves.

        One round trip.
        """
        answers = self._reader.ask([Question(key, "pttl", default=-2) for key in keys])
        return [key for key, milliseconds in zip(keys, answers, strict=True) if milliseconds == -1]

    def owners(self, queue: str) -> Iterator[list[tuple[bytes, bytes]]]:
        """Yield (id, owner) of all that runs in a queue.

        Both are as they stand in Redis. O(running jobs) in all.
        """
        key, cursor = self._store.keys(queue).running, 0
        while True:
            answer = self._reader.attempt(
                key, partial(self._client.hscan, key, cursor, count=PORTION), (0, {})
            )
            cursor = int(answer[0])
            yield list(answer[1].items())
            if cursor == 0:
                return

    def bad_counts(self, queue: str) -> dict[bytes, bytes]:
        """Return the fields of the counters of a queue that are no numbers.

        O(days).
        """
        [fields] = self._reader.ask(
            [Question(self._store.keys(queue).stats, "hgetall", default={})]
        )
        suspects = {name: value for name, value in fields.items() if not WHOLE.fullmatch(value)}
        return {name: value for name, value in suspects.items() if not name.endswith(b":set-aside")}

    def priority(self, queue: str, job_id: bytes) -> int:
        """Return the priority of a job, 0 where it cannot be read.

        O(1).
        """
        [payload] = self._reader.ask(
            [Question(self._store.keys(queue).payloads, "hget", (job_id,), default=None)]
        )
        found = _PRIORITY.match(payload or b"")
        return int(found[1]) if found else 0

    def is_mending(self, queue: str) -> bool:
        """Return whether workers still have to write a key of the queue again.

        That key was set aside a moment ago.
        """
        [found] = self._reader.ask([Question(self.mending(queue), "exists")])
        return bool(found)

    def mending(self, queue: str) -> str:
        """Return the key that says so.

        It ends by itself.
        """
        return f"{{{self._store.namespace}:{queue}}}:mending"

    # Repairing

    def set_aside(self, key: str, kind: str, note: str = "", seconds: int = 0) -> str | None:
        """Rename a key that is not of this type, so that nobody reads it.

        Leave a note for so many seconds. Return the new name, which stays in the same slot of a
        cluster where the key has a hash tag. It is empty where that cannot be. It is None where the
        key has become what it should be: another doctor may have been here.
        """
        namespace = self._store.namespace
        head = key.partition("}:")[0] + "}:" if key.startswith("{") else f"{namespace}:"
        aside = f"{head}set-aside:{time.time_ns()}:{key.removeprefix(head)}"
        keys = (key, aside, note) if note else (key, aside)
        with self._store.available():
            try:
                found = self._client.eval(SET_ASIDE, len(keys), *keys, kind, seconds)
                return (None, "", aside)[found]
            except (redis.ResponseError, redis.exceptions.RedisClusterException):
                return ""

    def announce(self, queue: str) -> bool:
        """List a queue among those that are shown.

        Return whether that was possible. O(1).
        """
        key = self.shared.queues
        added = self._reader.attempt(key, partial(self._client.sadd, key, queue), None)
        return added is not None

    def drop_name(self, queue: str) -> bool:
        """Take the name of a queue without any key off the list.

        Return whether it was one. Two round trips.
        """
        if set(self.kinds(list(self.queue_keys(queue).values()))) != {"none"}:
            return False
        return bool(
            self._reader.attempt(
                self.shared.queues, lambda: self._client.srem(self.shared.queues, queue), 0
            )
        )

    def let_end(self, key: str, seconds: int) -> None:
        """Let a key end after so many seconds.

        A key that has an end by now keeps it. O(1).
        """
        with self._store.available(), refusals_explained():
            self._client.expire(key, seconds, nx=True)

    def replace_field(
        self, key: str, field: bytes, seen: bytes, *, by: bytes = b"", value: bytes
    ) -> bool:
        """Put a value into a field if it still holds what was seen.

        With `by`, put the value there and delete the field. Return whether it did.
        """
        args = (field, seen, by or field, value)
        return bool(
            self._reader.attempt(key, lambda: self._client.eval(REPLACE_FIELD, 1, key, *args), 0)
        )

    def _portions(self, pattern: str) -> Iterator[list[str]]:
        found: list[str] = []
        with self._store.available(), refusals_explained():
            for raw in self._client.scan_iter(match=pattern, count=PORTION):
                found.append(text_of(raw))
                if len(found) == PORTION:
                    yield found
                    found = []
        yield found
