"""A unit of work: one taking of a job by this process.

The fetcher makes it, and the executor ends it.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from contextlib import suppress

import msgspec
from msgspec import Struct


class _Head(Struct):
    """What is read of a payload without decoding the rest of it."""

    job_class: str = ""


_read_head = msgspec.json.Decoder(_Head).decode


class Unit(Struct, frozen=True, gc=False):
    """A fetched job, not decoded yet.

    `worker` is the name it was taken under, `number` that of the taking. It must begin before
    `begin_by`, by `uptime`: later our lease may have run out, and others may have the job.
    """

    queue: str
    worker: str
    id: str
    raw: bytes
    number: int
    begin_by: float = float("inf")

    @property
    def token(self) -> str:
        """The name of this very taking of the job.

        Redis compares it before this unit may be ended.
        """
        return f"{self.worker}#{self.number}"

    @property
    def job_class(self) -> str:
        """The name of its class, for people to look at.

        It is empty where the payload cannot be read.
        """
        try:
            return _read_head(self.raw).job_class
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return ""


def number_in(token: str) -> int | None:
    """Return the number in a token, None where another version wrote none."""
    number = token.rpartition("#")[2]
    return int(number) if number.isdecimal() and "#" in token else None


def drained(units: deque[Unit]) -> list[Unit]:
    """Take what is there, one by one.

    A thread may take from the other end meanwhile, and nobody may have a unit twice.
    """
    taken: list[Unit] = []
    with suppress(IndexError):
        while True:
            taken.append(units.pop())
    return taken[::-1]


def by_name(units: Iterable[Unit]) -> dict[tuple[str, str], list[Unit]]:
    """Return units by their queue and the name under which they were taken."""
    found: defaultdict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        found[unit.queue, unit.worker].append(unit)
    return found
