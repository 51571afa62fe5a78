"""How the numbers of one slot of a metric lie in its string.

    runs: u32   failures: u32   microseconds: i64   then one u32 for each bucket

`metrics` asks it what to write, and what was read.
"""

from collections.abc import Iterator, Sequence
from struct import Struct

#: Where a counter stops.
_FULL = 2**32 - 1


class SlotLayout:
    """The layout of slots with so many buckets. All have the same size."""

    def __init__(self, buckets: int) -> None:
        """Take the number of buckets."""
        self._numbers = Struct(f">IIq{buckets}I")
        #: Bytes of a slot.
        self.size = self._numbers.size
        # Runs and failures, and the rest of a slot passed over.
        self._counts = Struct(f">II{self.size - 8}x")

    def increments(self, slot: int, numbers: Sequence[int]) -> list[str | int]:
        """Return the arguments of the BITFIELD that adds these numbers to a slot."""
        runs, failures, microseconds, *buckets = numbers
        start = slot * self.size * 8
        counts = [("u32", start, runs), ("u32", start + 32, failures)]
        counts += [("i64", start + 64, microseconds)]
        counts += [("u32", start + 128 + 32 * n, count) for n, count in enumerate(buckets)]
        commands: list[str | int] = ["OVERFLOW", "SAT"]
        for kind, offset, count in counts:
            if count or offset == start:
                commands += ["INCRBY", kind, offset, count]
        return commands

    def numbers(self, slot: bytes) -> tuple[int, int, int, list[int]] | None:
        """Return runs, failures, microseconds and buckets, or None where nothing was counted.

        The slot may lack its end. Raise ValueError for numbers that nothing can have measured.
        """
        if not any(slot):
            return None
        runs, failures, microseconds, *buckets = self._numbers.unpack(slot.ljust(self.size, b"\0"))
        # Every run is counted in one bucket; only a counter that is full falls behind them.
        if microseconds < 0 or failures > runs or (sum(buckets) != runs and runs != _FULL):
            raise ValueError("these are no counts")
        return runs, failures, microseconds, buckets

    def counts(self, raw: bytes, slots: int) -> Iterator[tuple[int, int]]:
        """Yield runs and failures of so many slots.

        The last of them may be missing.
        """
        return self._counts.iter_unpack(raw.ljust(slots * self.size, b"\0"))
