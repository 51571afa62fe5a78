"""The leases of one store: how long a silent worker keeps its jobs.

A lease is a score that changes with each renewal. Nobody compares it with a clock. A worker is dead
when its score has stood still for as long as its lease, by the clock of the one who watches
(`jobs.worker.watch`). Then it is given up here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.store.session import Session
from jobs.store.terms import Terms
from jobs.text import text_of


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker in one queue, as it was just seen.

    `score` is as Redis wrote it.
    """

    worker: str
    score: str
    terms: Terms


class Leases:
    """Renews, watches and ends leases through one session."""

    def __init__(self, session: Session, terms: Terms) -> None:
        """Take the session and the terms of our own workers, without sending anything."""
        self._session = session
        self._terms = terms

    def renew(self, queue: str, workers: Sequence[str]) -> list[Lease]:
        """Renew the leases of workers that live, and return all leases.

        One round trip, O(w log w).
        """
        _, shown = self._session.run("renew", queue, [round(self._terms.lease * 1000), *workers])
        return [
            Lease(text_of(worker), text_of(score), Terms.parse(text_of(terms), self._terms))
            for worker, score, terms in zip(shown[::3], shown[1::3], shown[2::3], strict=True)
        ]

    def condemn(self, queue: str, worker: str, stood_at: str = "") -> bool:
        """Give up a worker whose score still is `stood_at`.

        Without `stood_at` the worker is known to be dead. Return whether it was given up. From then
        on what runs under its name may be taken back. One round trip, O(log n).
        """
        return bool(self._session.run("condemn", queue, [worker, stood_at]) == 1)

    def leave(self, queue: str, worker: str) -> None:
        """Forget a worker under whose name nothing runs any more.

        One round trip, O(log n).
        """
        self._session.run("leave", queue, [worker])
