"""Which jobs nobody trusts, for the doctor."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from jobs.errors import UntrustedPayload
from jobs.problem import Problem
from jobs.protection import protection
from jobs.store.job_reader import JobReader
from jobs.store.reader import Reader
from jobs.text import grouped, shown


class TrustCheck:
    """Looks at the signatures of one queue, if payloads are signed."""

    def __init__(self, reader: Reader, queue: str) -> None:
        """Take the reader and the queue. Nothing is sent yet."""
        self._reader = reader
        self._queue = queue
        #: Why the first is not trusted, by its id. A set, since an id may come twice.
        self._reasons: dict[str, str] = {}

    def look(self, ids: Sequence[str]) -> None:
        """Look at the payloads of some jobs.

        Two round trips, and more where payloads are long.
        """
        signer = protection.signer
        if signer is None:
            return
        for portion in JobReader(self._reader).whole(self._queue, ids):
            for job_id, raw in portion.items():
                if raw is None:  # too long to be read: nobody knows
                    continue
                try:
                    signer.check(raw, job_id, self._queue)
                except UntrustedPayload as error:
                    self._reasons[job_id] = str(error)

    @property
    def problem(self) -> Problem | None:
        """What is wrong, None where all are trusted."""
        if not self._reasons:
            return None
        job_id, reason = next(iter(self._reasons.items()))
        text = _(
            "Jobs that are not trusted, so that no worker runs them: %(count)s. The first is "
            "%(id)s: %(reason)s."
        )
        values = {"count": grouped(len(self._reasons)), "id": shown(job_id), "reason": reason}
        remedy = _("See which can be signed: python manage.py jobs resign")
        return Problem(self._reader.store.keys(self._queue).payloads, text % values, remedy)
