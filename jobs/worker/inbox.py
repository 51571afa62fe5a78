"""The inbox of a worker: what people want it to do.

The thread of the chores fetches them from Redis. The main thread, which never talks to Redis,
grants them.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from jobs.store import Store
from jobs.store.requests import Requests

#: How often a worker looks into its inbox. Seconds.
LOOK_EVERY = 1.0


class Request(NamedTuple):
    """What a person wants: `quiet`, `unquiet`, `stop`, or `cancel` with an id.

    A name that is not known here comes from a newer version, and is passed over.
    """

    name: str
    job_id: str

    @classmethod
    def parse(cls, text: str) -> "Request":
        """Return the request in a text such as `quiet` or `cancel 0190aa`."""
        name, _, job_id = text.partition(" ")
        return cls(name, job_id)


class Inbox:
    """What people want of one worker and it has not done yet."""

    def __init__(self, store: Store, worker: str) -> None:
        """Take the store to ask, and the name of the worker."""
        self._desk = Requests(store)
        self._worker = worker
        self._waiting: deque[Request] = deque()

    def fetch(self) -> None:
        """Ask Redis for new requests.

        Raise StoreUnavailable.
        """
        self._waiting.extend(map(Request.parse, self._desk.take(self._worker)))

    def take_all(self) -> Iterator[Request]:
        """Yield each request once, in the order in which they were made."""
        while self._waiting:
            yield self._waiting.popleft()
