"""The board: a few bytes that a worker process shares with its supervisor.

They survive the process. When a worker dies, the supervisor reads here which jobs were
really running. Jobs that only waited in its buffer are innocent, and go back without a
mark. Otherwise the neighbours of a job that kills its process would be quarantined too.
The supervisor also recalls here what has not begun, since a job that holds the GIL lets
nobody else in its process do that.

A job stands here by the number of its taking. That is one word of eight bytes, which is
written and read as a whole.
"""

import mmap
import time
from collections import deque

_GENERATION, _RECALLED, _TURNS, _HAS_ENDED, _HAS_LEFT = range(5)
_WISH, _RETIRES, _UNQUIET_AT, _HEADER = range(5, 9)
_WORD = 8
_STARTED, _RUNNING, _SLOT = range(3)
_NUMBER, _OVERDUE_AT, _THREAD, _LIMIT = range(4)
_NANOSECONDS = 1_000_000_000


class Board:
    """Anonymous shared memory of a worker process and its supervisor.

    It holds some words about the process, then two for each thread and coroutine, then
    three for each time limit.
    """

    def __init__(self, slots: int) -> None:
        """Reserve the slots, before the fork."""
        limits = _HEADER + slots * _SLOT
        end = limits + slots * _LIMIT
        self._slots = range(_HEADER, limits, _SLOT)
        self._limits = range(limits, end, _LIMIT)
        self._free_limits = deque(self._limits)
        self._memory = mmap.mmap(-1, end * _WORD)
        self._words = memoryview(self._memory).cast("Q")

    # For the worker

    def start(self, slot: int, number: int) -> bool:
        """Note the job that a runner begins, and return whether it may.

        It must not begin when it was recalled. The number is written before `recalled`
        is read, and the supervisor does it the other way round. So at least one of them
        sees the other.
        """
        words, at = self._words, _HEADER + slot * _SLOT
        words[at + _RUNNING] = number
        if number > words[at + _STARTED]:  # noqa: PLR1730  # for each job, and `max` is a call
            words[at + _STARTED] = number
        return number > words[_RECALLED]

    def clear(self, slot: int) -> None:
        """Note that a runner has ended its job."""
        words = self._words
        words[_HEADER + slot * _SLOT + _RUNNING] = 0
        words[_HAS_ENDED] = 1

    def drop(self, slot: int) -> None:
        """Note that a runner did not begin its job after all."""
        self._words[_HEADER + slot * _SLOT + _RUNNING] = 0

    def turn(self) -> None:
        """Note that the main thread goes round."""
        self._words[_TURNS] += 1

    def leave(self) -> None:
        """Note that the process ends because it wants to, whatever still runs in it."""
        self._words[_HAS_LEFT] = 1

    def set_limit(self, number: int, overdue_at: float, thread: int) -> int:
        """Note when a run will be overdue, and return the place.

        The monotonic clock tells it, which is the same in all processes of a machine. The
        number comes last: who reads it before and after the other words has read words of
        one run.
        """
        words, at = self._words, self._free_limits.popleft()
        words[at + _OVERDUE_AT] = int(overdue_at * _NANOSECONDS)
        words[at + _THREAD] = thread
        words[at + _NUMBER] = number
        return at

    def lift_limit(self, place: int) -> None:
        """Note that a run with a limit has ended."""
        self._words[place + _NUMBER] = 0
        self._free_limits.append(place)

    def overdue(self) -> dict[int, int]:
        """Return the numbers of overdue runs, each with its thread."""
        words, now = self._words, time.monotonic_ns()
        found: dict[int, int] = {}
        for at in self._limits:
            number = words[at + _NUMBER]
            if number == 0:
                continue
            overdue_at, thread = words[at + _OVERDUE_AT], words[at + _THREAD]
            if words[at + _NUMBER] == number and now >= overdue_at:
                found[number] = thread
        return found

    def wish(self, reason: int) -> None:
        """Ask the supervisor for a successor.

        `reason` is one of `retirement.py`.
        """
        self._words[_WISH] = reason

    def note_unquiet(self) -> None:
        """Note that the process takes work again, and when."""
        self._words[_UNQUIET_AT] = time.monotonic_ns()

    @property
    def retires_for(self) -> int:
        """Why the process has a successor, 0 if it has none."""
        return self._words[_RETIRES]

    # For the supervisor

    @property
    def wished(self) -> int:
        """Why the worker asks for a successor, 0 if it does not."""
        return self._words[_WISH]

    def retire(self, reason: int) -> None:
        """Let the process take no more, and end when nothing runs in it."""
        self._words[_RETIRES] = reason

    @property
    def unquiet_at(self) -> float:
        """When the process last began to take work again.

        By the monotonic clock; 0 if it never did.
        """
        return self._words[_UNQUIET_AT] / _NANOSECONDS

    @property
    def generation(self) -> int:
        """How often the worker took a new name."""
        return self._words[_GENERATION]

    @generation.setter
    def generation(self, value: int) -> None:
        """Note that the worker took a new name."""
        self._words[_GENERATION] = value

    @property
    def turns(self) -> int:
        """How often the main thread has gone round."""
        return self._words[_TURNS]

    @property
    def has_ended_jobs(self) -> bool:
        """Whether this process has run a job to its end."""
        return self._words[_HAS_ENDED] == 1

    @property
    def has_left(self) -> bool:
        """Whether the process ended because it wanted to."""
        return self._words[_HAS_LEFT] == 1

    def running(self) -> frozenset[int]:
        """Return the numbers of the jobs that were begun and not ended."""
        return frozenset(number for at in self._slots if (number := self._words[at + _RUNNING]))

    def highest_started(self) -> int:
        """Return the highest number that was ever begun."""
        return max((self._words[at + _STARTED] for at in self._slots), default=0)

    def recall(self, number: int) -> None:
        """Let nothing begin any more that has this number or a lower one."""
        self._words[_RECALLED] = max(number, self._words[_RECALLED])

    def close(self) -> None:
        """Give the memory back."""
        self._words.release()
        self._memory.close()
