"""The desk for requests of people to one worker.

A request is to be quiet, to take jobs again, to stop, or to cancel a job. A worker asks for its
own once a second. A request whose answer was lost on the way to the worker is lost. Whoever made it
sees nothing change and makes it again.
"""

from jobs.store.session import Session

#: How long a request waits for a worker that does not ask, in seconds.
VALID_FOR = 60
#: Most requests that are taken at a time.
MOST_TAKEN = 100


class Requests:
    """Puts requests down for workers, and takes them up, through one session."""

    def __init__(self, session: Session) -> None:
        """Take the session without sending anything."""
        self._session = session

    def put(self, worker: str, request: str) -> bool:
        """Put down a request for a worker.

        Return whether the worker gives signs of life. One round trip, O(1).
        """
        key, shared = self._session.shared.requests(worker), self._session.shared
        with self._session.available(), self._session.client.pipeline(transaction=False) as pipe:
            pipe.exists(shared.worker(worker))
            pipe.rpush(key, request)
            pipe.expire(key, VALID_FOR)
            is_alive, *_ = pipe.execute()
        return bool(is_alive)

    def take(self, worker: str) -> list[str]:
        """Return the requests for a worker and forget them.

        One round trip, O(k).
        """
        key = self._session.shared.requests(worker)
        with self._session.available():
            found = self._session.client.lpop(key, MOST_TAKEN)
        return [request.decode() for request in found or () if isinstance(request, bytes)]
