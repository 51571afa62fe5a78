"""Metrics in Redis: how many runs of each job class ended in each minute, how long they took, how many failed.

One string holds the slots of one name for a stretch of time, each slot of the same size: so one BITFIELD adds what a
worker measured, several workers add to the same slot, and one GETRANGE reads a day. For people to look at; a lost
answer may count some runs twice.
"""

import struct
import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.store.store import Store

#: Upper bounds of all buckets but the last, in seconds: the preferred numbers R5 (ISO 3) from 1 ms to 6,300 s.
BOUNDS: tuple[float, ...] = tuple(
    round(step * 10.0**power, 6) for power in range(-3, 4) for step in (1, 1.6, 2.5, 4, 6.3)
)
BUCKETS = len(BOUNDS) + 1
#: Runs, failures, microseconds in all, then the buckets.
_SLOT = struct.Struct(f">IIq{BUCKETS}I")
_EMPTY = bytes(_SLOT.size)
#: A name that was not seen for so long is forgotten, in seconds.
FORGET_AFTER = 90 * 86_400
#: Most deploy marks that are kept.
MOST_DEPLOYS = 100
#: The longest label of a deploy.
MOST_LABEL_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Resolution:
    """How long a slot is, how many stand in one string, and how long that is kept, all in seconds but `slots`."""

    name: str
    seconds: int
    slots: int
    keep: int | None

    def place(self, at: float) -> tuple[int, int]:
        """Return the number of the string and of the slot in it for a moment in epoch seconds."""
        return divmod(int(at) // self.seconds, self.slots) if self.seconds else (0, 0)


MINUTES = Resolution("1", 60, 60, 9 * 3600)
TEN_MINUTES = Resolution("10", 600, 144, 4 * 86_400)
TOTAL = Resolution("all", 0, 1, None)
RESOLUTIONS = (MINUTES, TEN_MINUTES, TOTAL)


@dataclass(slots=True)
class Measure:
    """What was measured of one name in one stretch of time."""

    runs: int = 0
    failures: int = 0
    microseconds: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, seconds: float, *, is_failure: bool) -> None:
        """Add one run."""
        self.runs += 1
        self.failures += is_failure
        self.microseconds += round(seconds * 1e6)
        self.buckets[bisect_left(BOUNDS, seconds)] += 1


class MetricStore:
    """Writes and reads measures through one store."""

    def __init__(self, store: Store) -> None:
        """Take the store; nothing is sent yet."""
        self._store = store
        self._client = store.client
        self._keys = store.shared

    def add(self, measures: Iterable[tuple[str, float, Measure]]) -> None:
        """Add (name, epoch seconds, measure) to what is there. One round trip, O(k)."""
        with self._store.available(), self._client.pipeline(transaction=False) as pipe:
            seen: dict[str, float] = {}
            for name, at, measure in measures:
                seen[name] = max(at, seen.get(name, 0.0))
                for resolution in RESOLUTIONS:
                    chunk, slot = resolution.place(at)
                    key = self._keys.metric(resolution.name, chunk, name)
                    pipe.execute_command("BITFIELD", key, *_increments(slot, measure))
                    if resolution.keep:
                        pipe.expire(key, resolution.keep)
            if seen:
                pipe.zadd(self._keys.metric_names, seen, gt=True)
                pipe.zremrangebyscore(self._keys.metric_names, "-inf", time.time() - FORGET_AFTER)
                pipe.execute()

    def names(self, prefix: str, most: int) -> list[str]:
        """Return the names with this prefix that were seen last. One round trip, O(log n + names)."""
        with self._store.available():
            latest: list[Any] = self._client.zrange(self._keys.metric_names, 0, 10 * most, desc=True)
        return [name for name in (raw.decode() for raw in latest) if name.startswith(prefix)][:most]

    def read(self, names: Sequence[str], resolution: Resolution, until: float, slots: int) -> dict[str, list[bytes]]:
        """Return the last slots of each name, the oldest first, up to the one of `until`. One round trip, O(bytes).

        A slot is packed; see `unpacked`. It is empty where nothing was measured.
        """
        pieces = list(_pieces(resolution, until, slots))
        with self._store.available(), self._client.pipeline(transaction=False) as pipe:
            for name in names:
                for chunk, first, last in pieces:
                    key = self._keys.metric(resolution.name, chunk, name)
                    pipe.getrange(key, first * _SLOT.size, (last + 1) * _SLOT.size - 1)
            answers = iter(pipe.execute() if names else ())
        return {name: [slot for piece in pieces for slot in _slots(next(answers), piece)] for name in names}

    # Deploys

    def mark_deploy(self, label: str) -> float:
        """Keep a deploy mark of this moment and return it in epoch seconds. Two round trips, O(log n)."""
        with self._store.available():
            seconds, microseconds = self._client.time()
            at = float(seconds + microseconds / 1e6)
            with self._client.pipeline(transaction=False) as pipe:
                pipe.zadd(self._keys.deploys, {f"{at * 1000:.0f} {label}": at})
                pipe.zremrangebyrank(self._keys.deploys, 0, -MOST_DEPLOYS - 1)
                pipe.execute()
        return at

    def deploys(self, since: float) -> list[tuple[float, str]]:
        """Return (epoch seconds, label) of the marks since a moment, the oldest first. One round trip, O(log n + k)."""
        with self._store.available():
            found: list[Any] = self._client.zrangebyscore(self._keys.deploys, since, "+inf", withscores=True)
        return [(at, member.decode().partition(" ")[2]) for member, at in found]


def unpacked(slot: bytes) -> Measure | None:
    """Return the measure in a slot, None when it is empty."""
    if not slot or slot == _EMPTY:
        return None
    runs, failures, microseconds, *buckets = _SLOT.unpack(slot)
    return Measure(runs, failures, microseconds, buckets)


def _increments(slot: int, measure: Measure) -> list[str | int]:
    start = slot * _SLOT.size * 8
    counts = [("u32", start, measure.runs), ("u32", start + 32, measure.failures)]
    counts += [("i64", start + 64, measure.microseconds)]
    counts += [("u32", start + 128 + 32 * n, count) for n, count in enumerate(measure.buckets)]
    commands: list[str | int] = ["OVERFLOW", "SAT"]
    for kind, offset, count in counts:
        if count or offset == start:
            commands += ["INCRBY", kind, offset, count]
    return commands


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


def _slots(raw: bytes, piece: tuple[int, int, int]) -> Iterable[bytes]:
    """Yield every slot of a piece; the string may end before it, or within its last slot that was written."""
    _, first, last = piece
    for n in range(last - first + 1):
        slot = raw[n * _SLOT.size : (n + 1) * _SLOT.size]
        yield slot.ljust(_SLOT.size, b"\0") if slot else b""
