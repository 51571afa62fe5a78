"""The admin log: who did what to which jobs, queues and workers."""

from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest

from jobs.models import ControlRoom

#: The longest name that the log keeps.
MOST_CHARACTERS = 200


def log(request: HttpRequest, name: str, what: str, *, job_id: str = "", is_deletion: bool = False) -> None:
    """Write one line into the admin log: `name` is what it was done to, `what` the message that the user saw."""
    LogEntry.objects.create(
        user_id=request.user.pk or 0,  # nobody comes here without having logged in
        content_type_id=ContentType.objects.get_for_model(ControlRoom, for_concrete_model=False).pk,
        object_id=job_id,
        object_repr=name[:MOST_CHARACTERS],
        action_flag=DELETION if is_deletion else CHANGE,
        change_message=what,
    )
