"""The claim reader: which jobs hold which unique keys.

Like `reader` it only looks, and what it takes from Redis is bounded.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from jobs.store.keys import pattern_of
from jobs.store.questions import Question
from jobs.store.reader import PORTION, Reader
from jobs.text import raw_of, text_of

#: Most keys of one queue that one look goes through.
LOOK_AT = 20_000
_TRAIT = re.compile(rb"unique=([^/ ]+)/(\S+)")


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """The unique key of a job, and who holds it.

    `until` is done, start, or a window in ms. `holder` is empty where nobody holds the key.
    """

    key: str
    until: str
    holder: str


@dataclass(frozen=True, slots=True)
class Holding:
    """A unique key and the job that holds it.

    `ends_at` is when its window ends, in epoch seconds.
    """

    key: str
    job_id: str
    ends_at: float | None


class ClaimReader:
    """Looks at unique keys through a reader."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader, which keeps what cannot be read."""
        self._reader = reader
        self._store = reader.store

    def of_job(self, queue: str, job_id: str) -> StoredClaim | None:
        """Return the claim of a job, None if it has none.

        Two round trips, O(1).
        """
        keys = self._store.keys(queue)
        [trait] = self._reader.ask([Question(keys.traits, "hget", (raw_of(job_id),), default=None)])
        found = _TRAIT.search(trait or b"")
        if found is None:
            return None
        until, key = found.groups()
        [holder] = self._reader.ask([Question(keys.unique, "hget", (key,), default=None)])
        return StoredClaim(text_of(key), text_of(until), text_of(holder or b""))

    def counts(self, queues: Sequence[str]) -> list[int]:
        """Return how many keys are held in each queue. One round trip."""
        return self._reader.ask([Question(self._store.keys(q).unique, "hlen") for q in queues])

    def holdings(self, queue: str, job_class: str, most: int) -> tuple[list[Holding], bool]:
        """Return so many keys of one queue, of one job class if asked.

        Second, whether there may be more. A round trip for each 500 keys that it goes
        through, 20,000 at most.
        """
        key, cursor = self._store.keys(queue).unique, 0
        pattern = f"{pattern_of(job_class)}:*" if job_class else None
        found: dict[bytes, bytes] = {}
        looked_at = 0
        while len(found) <= most and looked_at < LOOK_AT:
            scan = partial(self._store.client.hscan, key, cursor, match=pattern, count=PORTION)
            answer = self._reader.attempt(key, scan, (0, {}))
            cursor = int(answer[0])
            found |= answer[1]
            looked_at += PORTION
            if cursor == 0:
                break
        names = list(found)[:most]
        windows = self._store.keys(queue).windows
        ends = self._reader.ask(
            [Question(windows, "zscore", (name,), default=None) for name in names]
        )
        held = [
            Holding(text_of(name), text_of(found[name]), None if end is None else end / 1000)
            for name, end in zip(names, ends, strict=True)
        ]
        return held, cursor != 0 or len(found) > most
