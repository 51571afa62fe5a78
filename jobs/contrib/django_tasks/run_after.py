"""When a task is to run, as `using()` says it."""

from datetime import datetime

from django.utils.timezone import is_aware

from jobs.contrib.django_tasks.versions import InvalidTask
from jobs.errors import InvalidArguments
from jobs.options import check_moment
from jobs.text import brief


def aware(run_after: object) -> datetime | None:
    """Return when a task is to run, with its time zone.

    Without USE_TZ it may be naive, and is of the local time. Raise InvalidTask.
    """
    if run_after is None:
        return None
    if not isinstance(run_after, datetime):
        raise InvalidTask(
            "run_after must be a datetime such as timezone.now() + timedelta(hours=1), not "
            f"{brief(run_after)}."
        )
    try:
        moment = run_after if is_aware(run_after) else run_after.astimezone()
        return check_moment(moment, "run_after")
    except (InvalidArguments, ValueError, OverflowError) as error:
        raise InvalidTask(
            f"run_after is {run_after}; it must lie between 1970 and 100 years from now."
        ) from error
