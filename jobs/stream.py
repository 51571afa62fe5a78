"""A stream of pushes: while Redis works on one portion, the next is made.

Used by `enqueue_many`.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

from jobs.bounds import bounding
from jobs.client import Client, Portion, count_of, portions
from jobs.errors import QueueFull, StoreUnavailable
from jobs.store import NewJob, Underway

#: After so many seconds a push is not sent again: Redis remembers it for twice as long.
RESEND_WITHIN = 15.0


class Stream:
    """Pushes portion after portion: while Redis works on one, its caller makes the next.

    So the failure of a portion shows when the next is sent, or at the end, in `settle`.
    """

    def __init__(self, client: Client) -> None:
        """Take the client. Nothing is sent yet."""
        self._client = client
        #: Jobs that are known to be in Redis.
        self.pushed = 0
        self._given = 0
        self._sent: _Sent | None = None

    def send(self, jobs: Sequence[tuple[str, NewJob]]) -> None:
        """Send (queue, job) pairs, once those before them are in.

        Raise StoreUnavailable or QueueFull, which says how many of all jobs are in.
        """
        self._given += len(jobs)
        for portion in portions(jobs, bounding.bounds()):
            self.settle()
            self._begin(portion)

    def settle(self) -> None:
        """Wait until all that was sent is in. Raise StoreUnavailable."""
        sent, self._sent = self._sent, None
        if sent is None:
            return
        started = time.monotonic()
        try:
            if self._client.end(sent.underway, sent.portion, sent.spent):
                self.pushed += count_of(sent.portion)
                return
        except StoreUnavailable as error:
            now = time.monotonic()
            spent = sent.spent + now - started
            if spent >= self._client.timeout / 2 or now - sent.at > RESEND_WITHIN:
                self._count(error)
                raise
        self._push(sent.portion, sent.spent + time.monotonic() - started)

    def drop(self) -> None:
        """Give up the answer that is still to come: something struck from outside."""
        sent, self._sent = self._sent, None
        if sent is not None:
            sent.underway.drop()

    def _begin(self, portion: Portion) -> None:
        started = time.monotonic()
        try:
            underway = self._client.begin(portion)
        except StoreUnavailable as error:
            if time.monotonic() - started >= self._client.timeout / 2:
                self._count(error)
                raise
            underway = None
        now = time.monotonic()
        if underway is None:
            self._push(portion, now - started)
        else:
            self._sent = _Sent(underway, portion, now, now - started)

    def _push(self, portion: Portion, spent: float) -> None:
        """Push in the ordinary way, and perhaps for the second time."""
        try:
            self._client.push_portion(portion, spent, bounds=bounding.bounds())
        except StoreUnavailable as error:
            self._count(error)
            raise
        except QueueFull as error:
            error.pushed = self.pushed
            raise
        self.pushed += count_of(portion)

    def _count(self, error: StoreUnavailable) -> None:
        error.pushed, error.jobs = self.pushed, self._given


class _Sent(NamedTuple):
    """A portion that was sent.

    `at` is by the monotonic clock. By then `spent` seconds of its time were used up.
    """

    underway: Underway
    portion: Portion
    at: float
    spent: float
