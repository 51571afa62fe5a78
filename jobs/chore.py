"""Chores: what a worker process or a supervisor does now and then.

A feature hands in its chores with `bring` when it is imported, and so does a project,
in the `jobs` module of an app. Whoever does chores asks `brought_to` for them. So the
worker knows none by name.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

from jobs.store import Store


class Place(Enum):
    """Which process does a chore."""

    #: Each worker process, in a thread of its own for all that was brought. A slow
    #: chore keeps only the others that were brought waiting.
    WORKER = "worker"
    #: The supervisor, which renews leases, and each embedded worker, which has none: no database,
    #: no code of the project, short calls only.
    SUPERVISOR = "supervisor"


@dataclass(slots=True)
class Chore:
    """Something to do every so many seconds.

    `every` 0 means at each look. `longest` bounds what it waits for Redis, in seconds.
    One that `is_patient` is left out by a supervisor that is late with its leases or
    stops.
    """

    name: str
    every: float
    do: Callable[[], object]
    longest: float | None = None
    is_patient: bool = False
    next_at: float = 0.0

    def is_due(self, now: float) -> bool:
        """Return whether its time has come, by the monotonic clock."""
        return now >= self.next_at

    def put_off(self, now: float) -> None:
        """Let it be due again when its period has passed."""
        self.next_at = now + self.every


@dataclass(frozen=True, slots=True)
class FeatureChore:
    """A chore that a feature or a project brings.

    `do` gets the store of the process that does it. What it raises is logged once and
    tried again. What it waits for Redis through the library is cut off after `longest`
    seconds, counted from its start. `every` is in seconds too. Raise TypeError for a
    field that is none of these.
    """

    place: Place
    name: str
    every: float
    do: Callable[[Store], object]
    longest: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what would be found out in a worker only, or never."""
        if not _is_name(self.name):
            raise TypeError(f"a chore needs a name, not {self.name!r}.")
        if not isinstance(self.place, Place):
            self._refuse("place", "a jobs.chore.Place")
        for name in ("every", "longest"):
            if not _is_duration(getattr(self, name)):
                self._refuse(name, "a number of seconds")
        if not callable(self.do):
            self._refuse("do", "a function of a store")

    def _refuse(self, field: str, expected: str) -> NoReturn:
        value = getattr(self, field)
        raise TypeError(f"chore {self.name!r}: {field} must be {expected}, not {value!r}.")

    def for_store(self, store: Callable[[], Store]) -> Chore:
        """Return the chore of one process.

        `store` returns what that process uses just now.
        """
        return Chore(self.name, self.every, lambda: self.do(store()), self.longest, is_patient=True)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_duration(value: object) -> bool:
    """Return whether a value is a number of seconds, 0 or more."""
    return isinstance(value, int | float) and 0 <= value < math.inf


_brought: dict[str, FeatureChore] = {}


def bring(*chores: FeatureChore) -> None:
    """Hand in chores of a feature or a project, before any worker starts.

    One of the same name is replaced. Raise TypeError for what is no chore.
    """
    for chore in chores:
        if not isinstance(chore, FeatureChore):
            raise TypeError(f"bring() takes values of jobs.chore.FeatureChore, not {chore!r}.")
    _brought.update({chore.name: chore for chore in chores})


def take_away(*chores: FeatureChore) -> None:
    """Let no process that starts from now on do these."""
    for chore in chores:
        _brought.pop(chore.name, None)


def brought_to(place: Place, store: Callable[[], Store]) -> list[Chore]:
    """Return the chores that features bring to a process."""
    return [chore.for_store(store) for chore in _brought.values() if chore.place is place]
