"""The outbox: what waits in the database until it is in Redis."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import page, sight_of
from jobs.admin.responses import render
from jobs.inspect import OutboxRows


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """What waits. Databases are named where there are several."""

    found: OutboxRows
    has_databases: bool


@page
def outbox(request: HttpRequest) -> HttpResponse:
    """List the jobs that nobody has pushed yet, also while Redis is away."""
    found = inspect.outbox_rows(sight_of(request))
    databases = {row.database for row in found.rows}
    return render(request, "outbox", _("Outbox"), OutboxPage(found, len(databases) > 1))
