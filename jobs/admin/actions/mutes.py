"""Mutes a group of failures, and shows it again."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from jobs import control, inspect
from jobs.admin.access import RETRY, VIEW_ARGUMENTS, demand, reader_for
from jobs.admin.audit import Deed, recorded
from jobs.admin.facts import filter_fact
from jobs.admin.nav import address
from jobs.inspect import Filter
from jobs.inspect.muting import sees_whole_groups

#: The verbs of the button.
MUTE_VERBS = ("mute", "unmute")


def mute_group(request: HttpRequest, verb: str, wanted: Filter) -> HttpResponse:
    """Mute the group that a filter finds, or show it again.

    It is hidden from everybody, so it needs the permission to retry, and sight of the messages and
    of every queue.
    """
    demand(request, RETRY, VIEW_ARGUMENTS)
    reader = reader_for(request)
    if not sees_whole_groups(reader):
        raise PermissionDenied
    is_mute = verb == "mute"
    groups = inspect.failure_groups(reader).groups
    group = next((each for each in groups if each.filter == wanted), None)
    if group is None:
        messages.warning(request, _("This group is gone, so nothing was changed."))
        return HttpResponseRedirect(address(request, "jobs_failures"))
    title = f"{group.job_class}: {group.error_class}"
    told = _("The group is muted until it changes.") if is_mute else _("The group is shown again.")
    what = _("Mute") if is_mute else _("Unmute")
    with recorded(request, Deed(title, what, (filter_fact(wanted),))) as trail:
        if is_mute:
            control.mute(group)
        else:
            control.unmute(group)
        trail.tell(told)
    messages.success(request, told)
    return HttpResponseRedirect(address(request, "jobs_failures"))
