"""The desk for notes: what running jobs tell people of themselves."""

from jobs.store.questions import refusals_explained
from jobs.store.session import Session


class Notes:
    """Writes notes of jobs. Whoever looks at a job reads them."""

    def __init__(self, session: Session) -> None:
        """Take the session. Nothing is sent yet."""
        self._session = session

    def write(self, queue: str, token: str, job_id: str, note: bytes) -> bool:
        """Replace the note of a job, and return whether this taking still owns it.

        One round trip, O(1). Raise StoreUnavailable or StoreCorrupt.
        """
        keys = self._session.keys(queue).all
        with refusals_explained():
            return bool(self._session.run_quickly("note", keys, [token, job_id, note]) == 1)
