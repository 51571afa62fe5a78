"""The failures in groups, so that a thousand jobs of one cause are one row to look at and to act on."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import Can, page
from jobs.admin.nav import address
from jobs.admin.responses import render
from jobs.admin.verbs import VERBS, Verb
from jobs.inspect import FailureGroup, Failures

#: What can be done to a whole group.
GROUP_VERBS = ("retry", "kill", "delete")


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group with the addresses of its jobs in each set, and of one of them."""

    group: FailureGroup
    retry_url: str
    dead_url: str
    example_url: str


@dataclass(frozen=True, slots=True)
class FailuresPage:
    """All groups, and what may be done to them."""

    rows: tuple[GroupRow, ...]
    found: Failures
    verbs: list[Verb]
    act_url: str


@page
def failures(request: HttpRequest) -> HttpResponse:
    """List the groups of failures."""
    found = inspect.failure_groups()
    can = Can(request.user)
    shown = FailuresPage(
        rows=tuple(_row(request, group) for group in found.groups),
        found=found,
        verbs=[VERBS[name] for name in GROUP_VERBS if can.do(VERBS[name].permission)],
        act_url=address(request, "jobs_failures_action"),
    )
    return render(request, "failures", _("Failures"), shown)


def _row(request: HttpRequest, group: FailureGroup) -> GroupRow:
    query = urlencode({"job_class": group.job_class, "error_class": group.error_class, "shape": group.shape})
    return GroupRow(
        group,
        f"{address(request, 'jobs_set', name='retry')}?{query}" if group.retry else "",
        f"{address(request, 'jobs_set', name='dead')}?{query}" if group.dead else "",
        address(request, "jobs_job", job_id=group.example.id),
    )
