"""One job that a test collected.

It knows when it is due, and which place it has. Everything stays as it was asked for. How much time
a test let pass is a number beside it.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db.backends.base.base import BaseDatabaseWrapper

from jobs.commit import is_of_test_alone
from jobs.payload import Payload
from jobs.store import Claim
from jobs.store.whereabouts import Whereabout
from jobs.testing.places import window_of

#: What lets another job wait in its place, and be replaced.
_STAYING_OUT = frozenset({"return", "raise"})
#: Due times are rounded to milliseconds on the way. Seconds.
PRECISION = 0.001


class CommitHook:
    """What Django calls at a commit, and drops with the savepoint of a job."""

    def __init__(self, connection: BaseDatabaseWrapper, changed: Callable[[], object]) -> None:
        """Wait for the commit of a connection, and tell of it."""
        self.connection = connection
        self.is_committed = False
        self._changed = changed
        connection.on_commit(self)

    def __call__(self) -> None:
        """Take note of the commit."""
        self.is_committed = True
        self._changed()

    @property
    def waits(self) -> bool:
        """Whether the transaction is still open, and is not the one around the test."""
        return not self.is_committed and not is_of_test_alone(self.connection)


@dataclass(eq=False)
class FakeJob:
    """One collected job. Times are in epoch seconds."""

    payload: Payload
    #: When it was asked for, and when it is to run as it was asked.
    since: float
    asked_due: float
    claim: Claim | None = None
    #: Whether it has run before.
    is_again: bool = False
    #: How many seconds older it is than it would be by the clock.
    age: float = 0.0
    was_taken: bool = field(default=False)
    #: Whether a job that runs, or a window, had its place when it was asked for.
    is_barred: bool = False
    #: One for each transaction that it was enqueued in.
    hooks: list[CommitHook] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Fill in what another job at its place may change."""
        self.due = self.asked_due
        #: Where it stands among those that are due.
        self.place = self.due
        #: When the first of those was asked for that it stands for.
        self.first = self.since
        self.window_end = self.since + window_of(self.claim)
        self.expires_at = self._expiry()

    def _expiry(self) -> float:
        if self.claim is None or self.claim.expires_in is None:
            return math.inf
        return self.due + self.claim.expires_in / 1e3

    # Whether it is there

    def exists(self, standing: set[int]) -> bool:
        """Tell whether no transaction in which it was enqueued was rolled back.

        In a TestCase the commit never comes, so what still stands there counts as kept.
        """
        return all(hook.is_committed or id(hook) in standing for hook in self.hooks)

    @property
    def awaits_commit(self) -> bool:
        """Whether a transaction of a job that exists is still open."""
        return any(hook.waits for hook in self.hooks)

    # Time

    @property
    def now(self) -> float:
        """The time by its own clock.

        That is ahead where a test let time pass.
        """
        return time.time() + self.age

    @property
    def asked_at(self) -> float:
        """When it was asked for, with the time that a test let pass."""
        return self.since - self.age

    @property
    def is_due(self) -> bool:
        """Whether its time has come."""
        return self.due <= self.now + PRECISION

    @property
    def rank(self) -> tuple[int, float]:
        """Where it stands.

        The highest priority comes first, then who was due first.
        """
        return -self.payload.priority, self.place - self.age

    @property
    def whereabout(self) -> Whereabout:
        """In which set it would be in Redis."""
        if self.is_again:
            return "retry"
        return "ready" if self.is_due else "scheduled"

    def as_now(self) -> Payload:
        """Return the payload as a run sees it, as old as it is."""
        return older(self.payload, self.age)

    # Unique keys

    @property
    def stays_out(self) -> bool:
        """Whether it leaves a place that is taken to the job that has it."""
        return self.claim is None or self.claim.conflict in _STAYING_OUT

    def keeps_out(self, other: "FakeJob") -> bool:
        """Whether it had the place of its key when another one was asked for."""
        return self.window_end - self.age > other.asked_at and not self.had_expired(other)

    def had_expired(self, other: "FakeJob") -> bool:
        """Whether its time was over when another one was asked for."""
        return self.expires_at - self.age < other.asked_at

    def take_over(self, other: "FakeJob") -> None:
        """Take the place of another, by the rules of `push_unique.lua`."""
        longest = self.claim.max_wait if self.claim is not None else None
        is_debounced = longest is not None
        was_ready = other.due - other.age <= self.asked_at
        self.due = self.asked_due
        if longest is not None:
            self.first = other.first - other.age + self.age
            self.due = min(self.asked_due, self.first + longest / 1e3)
        self.expires_at, self.place = self._expiry(), self.due
        if was_ready and (is_debounced or self.due <= self.since):
            self.due = min(self.due, self.since)
            self.place = other.place - other.age + self.age


def standing_hooks(jobs: Iterable[FakeJob]) -> set[int]:
    """Return the identities of the hooks that no rollback has dropped so far."""
    of_jobs = {id(hook.connection): hook.connection for job in jobs for hook in job.hooks}
    return {id(entry[1]) for each in of_jobs.values() for entry in each.run_on_commit}


def older(payload: Payload, seconds: float) -> Payload:
    """Return a payload as if so many seconds more had passed."""
    if not seconds:
        return payload
    run_after = payload.run_after
    return payload.changed(
        enqueued_at=max(0.0, payload.enqueued_at - seconds),
        run_after=None if run_after is None else max(0.0, run_after - seconds),
        errors=[{**error, "at": max(0.0, error["at"] - seconds)} for error in payload.errors],
    )
