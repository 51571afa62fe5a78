"""Reports for the error catcher, which travel as jobs.

So a report is as safe as the work that it is about. While the error catcher is away it is tried
again, and a worker that is killed loses none. It may arrive twice. `error_reporting` and
`reconciliation` report with it.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from jobs import Job, StoreUnavailable, TransientError
from orders.services.error_catcher import ErrorCatcherClient
from orders.shop_job import ShopJob

logger = logging.getLogger(__name__)

#: The longest that one value beside a report may be, in characters of JSON.
LONGEST_VALUE = 2_000


class ReportJob(ShopJob):
    """Tell the error catcher of one error, until it has heard."""

    def perform(self, report: dict[str, Any]) -> None:
        """Send a report as `ErrorCatcherClient.describe` made it."""
        ErrorCatcherClient().send(report)


def report(error: BaseException | str, context: Mapping[str, Any] | None = None) -> None:
    """Have the error catcher told of an error, unless a retry will mend it.

    While Redis is away there can be no job, and that may be the very news: then the error catcher
    is told at once. Raise `ServiceError` when it is away as well.
    """
    client = ErrorCatcherClient(ignored_errors=(TransientError,))
    short = {key: _shortened(value) for key, value in (context or {}).items()}
    described = client.describe(error, short)
    if described is None:
        return
    try:
        # Now: what went wrong went wrong, also where a transaction is rolled back.
        ReportJob.using(commit="immediate").enqueue(described)
    except StoreUnavailable:
        client.send(described)


def is_about_a_report(context: Mapping[str, Any]) -> bool:
    """Tell whether it was a report that failed.

    A report of that would fail as well, and so on.
    """
    return context.get("class") == f"orders.{ReportJob.__name__}"


def note_lost(job: Job, error: BaseException) -> None:
    """Write down that a report never arrived.

    Its job waits in the dead set, with all that it had to say.
    """
    logger.error("report.lost id=%s error=%r", job.job_id, str(error))


def _shortened(value: Any) -> Any:
    """Return a value that fits into a job.

    It is text if it was long or no JSON.
    """
    text = json.dumps(value, default=str)
    if len(text) > LONGEST_VALUE:
        return f"{text[:LONGEST_VALUE]}…"
    return json.loads(text)
