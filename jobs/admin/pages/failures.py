"""The failures in groups.

A thousand jobs that failed by one cause are one row, to look at and to act on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import inspect
from jobs.admin.access import RETRY, VIEW_ARGUMENTS, Can, page, reader_for
from jobs.admin.nav import address, address_of_alike
from jobs.admin.responses import render
from jobs.admin.sparkline import Sparkline, sparkline
from jobs.admin.verbs import VERBS, Verb
from jobs.conf import get_settings
from jobs.inspect import FailureGroup, Failures
from jobs.inspect.muting import Change, sees_whole_groups
from jobs.inspect.record import text_in
from jobs.redaction import redact_traceback
from jobs.store.reader import SetName

#: What can be done to a whole group.
GROUP_VERBS = ("retry", "kill", "delete")
#: Most groups on the page. The smaller ones are counted.
MOST_GROUPS = 50
#: Why a group that was muted is shown again.
CHANGES: dict[Change, Promise] = {
    "grown": gettext_lazy("it has many more jobs since"),
    "deploy": gettext_lazy("there was a deploy since"),
    "anew": gettext_lazy("it was gone and came anew"),
    "late": gettext_lazy("that was 30 days ago"),
}


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group, with the addresses of its jobs and of an example.

    Each set that holds jobs of the group has an address; that of a set without any is empty.
    `open_url` shows the example below, `verbs` is what can be done to these jobs, and `change` says
    why a mute ended.
    """

    group: FailureGroup
    chart: Sparkline
    retry_url: str
    dead_url: str
    example_url: str
    open_url: str
    verbs: list[Verb]
    change: str | Promise


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """A group that somebody opened: its latest job, with the traceback."""

    row: GroupRow
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class FailuresPage:
    """All groups, and what may be done to them.

    `left_out` counts the small groups that are not shown. Those that are muted stand apart.
    """

    rows: tuple[GroupRow, ...]
    muted: tuple[GroupRow, ...]
    opened: OpenGroup | None
    is_gone: bool
    left_out: int
    found: Failures
    verbs: list[Verb]
    has_actions: bool
    may_mute: bool
    act_url: str
    close_url: str


@page
def failures(request: HttpRequest) -> HttpResponse:
    """List the groups of failures, and open one."""
    reader = reader_for(request)
    found = inspect.failure_groups(reader)
    may_mute = Can(request.user).do(RETRY, VIEW_ARGUMENTS) and sees_whole_groups(reader)
    shown = _page(request, found, request.GET.get("group", ""), may_mute=may_mute)
    return render(request, "failures", _("Failures"), shown, problems=found.problems)


def _page(request: HttpRequest, found: Failures, name: str, *, may_mute: bool) -> FailuresPage:
    can = Can(request.user)
    verbs = [VERBS[verb] for verb in GROUP_VERBS if can.do(VERBS[verb].permission)]
    open_group = next((each for each in found.groups if each.name == name), None)
    is_partial = found.looked_at < found.total
    shown = [each for each in found.groups if not each.is_muted]
    muted = [each for each in found.groups if each.is_muted]

    def rows(groups: Sequence[FailureGroup]) -> tuple[GroupRow, ...]:
        first = groups[:MOST_GROUPS]
        return tuple(_row(request, each, verbs, is_partial=is_partial) for each in first)

    return FailuresPage(
        rows=rows(shown),
        muted=rows(muted),
        opened=_opened(request, open_group, verbs, is_partial=is_partial) if open_group else None,
        is_gone=bool(name) and open_group is None,
        left_out=sum(max(0, len(each) - MOST_GROUPS) for each in (shown, muted)),
        found=found,
        verbs=verbs,
        has_actions=bool(verbs) or may_mute,
        may_mute=may_mute,
        act_url=address(request, "jobs_failures_action"),
        close_url=request.path,
    )


def _row(
    request: HttpRequest, group: FailureGroup, verbs: list[Verb], *, is_partial: bool
) -> GroupRow:
    retry_url = _jobs_url(request, "retry", group)
    dead_url = _jobs_url(request, "dead", group)
    # Where not all jobs were looked at, there may be others of the group in both sets.
    places = {place for place in ("retry", "dead") if is_partial or getattr(group, place)}
    return GroupRow(
        group=group,
        chart=sparkline(group.times),
        retry_url=retry_url if group.retry else "",
        dead_url=dead_url if group.dead else "",
        example_url=address(request, "jobs_job", job_id=group.example.id),
        open_url=f"?{urlencode({'group': group.name})}",
        verbs=[verb for verb in verbs if places & verb.sets],
        change=CHANGES.get(group.muted.change, "") if group.muted else "",
    )


def _opened(
    request: HttpRequest, group: FailureGroup, verbs: list[Verb], *, is_partial: bool
) -> OpenGroup:
    secrets = get_settings().redact
    error = group.example.error or {}
    return OpenGroup(
        row=_row(request, group, verbs, is_partial=is_partial),
        message=group.example.error_message,
        traceback=redact_traceback(text_in(error, "traceback"), secrets),
    )


def _jobs_url(request: HttpRequest, name: SetName, group: FailureGroup) -> str:
    """Return the address of a set with a filter that shows this group alone."""
    return address_of_alike(request, name, group.job_class, group.error_class, group.shape)
