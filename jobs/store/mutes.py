"""The mutes: which groups of failures people do not want to see for now.

`inspect` reads them and `control` writes them. No job depends on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobs.moment import seconds_of
from jobs.store.questions import Question
from jobs.store.reader import Reader
from jobs.store.store import Store
from jobs.text import text_of

#: A mute ends after so many seconds at the latest.
LONGEST = 30 * 86_400
#: Most groups that are muted at a time. One more takes the place of the oldest.
MOST_MUTES = 500


@dataclass(frozen=True, slots=True)
class Mute:
    """A group that somebody muted.

    `at` is when, in epoch seconds by Redis' clock, and `jobs` how many jobs it had then.
    """

    at: float
    jobs: int

    def to_text(self) -> str:
        """Return it as Redis keeps it: `at jobs`."""
        return f"{self.at:.3f} {self.jobs}"

    @classmethod
    def parse(cls, raw: bytes | None) -> "Mute | None":
        """Return the mute in a value of Redis, or None where it holds none."""
        at, _, jobs = text_of(raw or b"").partition(" ")
        seconds = seconds_of(at)
        is_count = jobs.isdecimal() and len(jobs) < 10
        if seconds is None or not is_count:
            return None
        return Mute(seconds, int(jobs))


def read_mutes(reader: Reader, names: Sequence[str]) -> dict[str, Mute]:
    """Return the mutes of these groups.

    One round trip, O(names). What cannot be read mutes nothing.
    """
    if not names:
        return {}
    nothing = [None] * len(names)
    question = Question(reader.store.shared.muted, "hmget", (list(names),), default=nothing)
    [values] = reader.ask([question])
    found = {name: Mute.parse(raw) for name, raw in zip(names, values, strict=True)}
    return {name: mute for name, mute in found.items() if mute}


class MuteStore:
    """Writes mutes through one store."""

    def __init__(self, store: Store) -> None:
        """Take the store without sending anything."""
        self._store = store
        self._client = store.client
        self._key = store.shared.muted

    def put(self, name: str, jobs: int) -> None:
        """Mute a group that has so many jobs now.

        Mutes that have ended are dropped. Three round trips, O(mutes).
        """
        mute = Mute(self._store.now(), jobs)
        with self._store.available():
            raw: Any = self._client.hgetall(self._key)
            with self._client.pipeline(transaction=False) as pipe:
                # First what has ended: an older mute of this group may be among it.
                if ended := _ended(raw, mute.at):
                    pipe.hdel(self._key, *ended)
                pipe.hset(self._key, name, mute.to_text())
                pipe.expire(self._key, LONGEST)
                pipe.execute()

    def remove(self, name: str) -> bool:
        """Show a group again, and return whether it was muted.

        One round trip, O(1).
        """
        with self._store.available():
            return bool(self._client.hdel(self._key, name))


def _ended(raw: dict[bytes, bytes], now: float) -> list[bytes]:
    """Return the names of mutes that need not be kept.

    Then there is room for one more.
    """
    known = {name: Mute.parse(value) for name, value in raw.items()}
    times = {name: mute.at if mute else 0.0 for name, mute in known.items()}
    latest_first = sorted(times, key=lambda name: -times[name])
    kept = {name for name in latest_first[: MOST_MUTES - 1] if now - times[name] < LONGEST}
    return [name for name in raw if name not in kept]
