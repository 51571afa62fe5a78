"""The failures in groups.

A thousand jobs that failed by one cause are one row, to look at and to act on.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import Can, page, reader_for
from jobs.admin.nav import address
from jobs.admin.responses import render
from jobs.admin.verbs import VERBS, Verb
from jobs.inspect import FailureGroup, Failures
from jobs.store.reader import SetName

#: What can be done to a whole group.
GROUP_VERBS = ("retry", "kill", "delete")


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group, with the addresses of its jobs and of an example.

    Each set that holds jobs of the group has an address; that of a set without any is empty.
    """

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
    found = inspect.failure_groups(reader_for(request))
    can = Can(request.user)
    shown = FailuresPage(
        rows=tuple(_row(request, group) for group in found.groups),
        found=found,
        verbs=[VERBS[name] for name in GROUP_VERBS if can.do(VERBS[name].permission)],
        act_url=address(request, "jobs_failures_action"),
    )
    return render(request, "failures", _("Failures"), shown, problems=found.problems)


def _row(request: HttpRequest, group: FailureGroup) -> GroupRow:
    retry_url = _jobs_url(request, "retry", group)
    dead_url = _jobs_url(request, "dead", group)
    return GroupRow(
        group=group,
        retry_url=retry_url if group.retry else "",
        dead_url=dead_url if group.dead else "",
        example_url=address(request, "jobs_job", job_id=group.example.id),
    )


def _jobs_url(request: HttpRequest, name: SetName, group: FailureGroup) -> str:
    """Return the address of a set with a filter that shows this group alone."""
    wanted = {
        "job_class": group.job_class,
        "error_class": group.error_class,
        "shape": group.shape,
    }
    wanted = {name: value for name, value in wanted.items() if value}
    return f"{address(request, 'jobs_set', name=name)}?{urlencode(wanted)}"
