"""The desk for those who wait for a job: it tells where that is.

It only looks, and each look may be sent again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from jobs.store.questions import refusals_explained
from jobs.store.session import Session
from jobs.text import raw_of, text_of

#: Where a job is. `gone`: there is none of this id. Empty: it is in no set, which the doctor mends.
Whereabout = Literal["ready", "scheduled", "running", "retry", "dead", "done", "gone", ""]
#: When the payload is wanted: at each look, or once the job is done or dead, or never.
Wanted = Literal["always", "ended", "never"]


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look at a job has shown.

    `note` is what the job wrote down while it ran, as it stands in Redis.
    """

    place: Whereabout
    payload: bytes | None = None
    note: bytes | None = None


class Whereabouts:
    """Looks after single jobs, by their ids."""

    def __init__(self, session: Session) -> None:
        """Take the session. Nothing is sent yet."""
        self._session = session

    def look(self, queue: str, job_id: str, wanted: Wanted = "ended") -> Glance:
        """Return where a job of a queue is.

        One round trip, O(1). Raise StoreUnavailable or StoreCorrupt.
        """
        k = self._session.keys(queue)
        sets = (k.ready, k.scheduled, k.retry, k.dead, k.done)
        keys = (k.payloads, k.running, *sets, k.notes)
        with refusals_explained():
            answer = self._session.run_quickly("look", keys, [raw_of(job_id), wanted])
        place, payload, note = answer
        return Glance(text_of(place), payload, note)  # type: ignore[arg-type]  # the script names no other

    def queue_of(self, job_id: str, others: Iterable[str] = ()) -> str | None:
        """Return the queue that has a job, None if there is no such job.

        It looks into all queues that are known, and these others. Two round trips, O(queues).
        """
        with refusals_explained(), self._session.available():
            known: set[Any] = self._session.client.smembers(self._session.shared.queues)
            queues = sorted({*[text_of(name) for name in known], *others})
            with self._session.client.pipeline(transaction=False) as pipe:
                for queue in queues:
                    pipe.hstrlen(self._session.keys(queue).payloads, raw_of(job_id))
                lengths = pipe.execute()
        return next((q for q, length in zip(queues, lengths, strict=True) if length), None)
