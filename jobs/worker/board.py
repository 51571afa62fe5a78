"""The board: a few bytes that a worker process shares with its supervisor, and that survive the process.

When a worker dies, the supervisor reads here which jobs were really running. Jobs that only waited in its buffer are
innocent and go back without a mark; otherwise the neighbours of a job that kills its process would be quarantined too.
"""

import mmap
import struct

_ID_BYTES = 32
_HEADER = struct.Struct("<I")


class Board:
    """Anonymous shared memory: the generation of the worker's name, then one slot with a job id for each runner."""

    def __init__(self, slots: int) -> None:
        """Reserve the slots. Call it before the fork."""
        self._slots = slots
        self._memory = mmap.mmap(-1, _HEADER.size + slots * _ID_BYTES)

    @property
    def generation(self) -> int:
        """How often the worker took a new name."""
        return int(_HEADER.unpack_from(self._memory)[0])

    @generation.setter
    def generation(self, value: int) -> None:
        """Note that the worker took a new name."""
        _HEADER.pack_into(self._memory, 0, value)

    def write(self, slot: int, job_id: str) -> None:
        """Note the job that a runner has begun."""
        start = _HEADER.size + slot * _ID_BYTES
        self._memory[start : start + _ID_BYTES] = job_id.encode().ljust(_ID_BYTES)[:_ID_BYTES]

    def clear(self, slot: int) -> None:
        """Note that a runner has ended its job."""
        self._memory[_HEADER.size + slot * _ID_BYTES] = 0

    def running(self) -> set[str]:
        """Return the ids of the jobs that were begun and not ended."""
        starts = range(_HEADER.size, _HEADER.size + self._slots * _ID_BYTES, _ID_BYTES)
        slots = [self._memory[start : start + _ID_BYTES] for start in starts]
        return {slot.decode().strip() for slot in slots if slot[0] != 0}

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
