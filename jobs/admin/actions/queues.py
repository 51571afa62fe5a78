"""Changes to a queue: pause, resume, clear."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from jobs import control, inspect
from jobs.admin.access import CLEAR_QUEUE, PAUSE_QUEUE, action, demand, reader_for
from jobs.admin.audit import Deed, recorded
from jobs.admin.facts import job_facts, set_fact
from jobs.admin.nav import address
from jobs.admin.responses import render
from jobs.templatetags.jobs_format import number

PERMISSIONS = {"pause": PAUSE_QUEUE, "resume": PAUSE_QUEUE, "clear": CLEAR_QUEUE}
#: What pauses and resumes, what the log calls it, and what people are told.
_SWITCHES = {
    "pause": (control.pause, gettext_lazy("Pause"), gettext_lazy("Queue %(queue)s is paused.")),
    "resume": (control.resume, gettext_lazy("Resume"), gettext_lazy("Queue %(queue)s goes on.")),
}


@dataclass(frozen=True, slots=True)
class ClearConfirmation:
    """The page that asks whether a queue is really to be cleared."""

    queue: str
    count: int
    url: str
    back: str


@action(page="jobs_queue", named_by="queue")
def queue_action(request: HttpRequest, queue: str, verb: str) -> HttpResponse:
    """Pause, resume or clear a queue."""
    if verb not in PERMISSIONS:
        raise Http404(_("There is no such action."))
    demand(request, PERMISSIONS[verb])
    if queue not in inspect.queue_names(reader_for(request)):
        raise Http404(_("There is no queue %(queue)s.") % {"queue": queue})
    back = address(request, "jobs_queue", queue=queue)
    if verb == "clear":
        return _clear(request, queue, back)
    change, what, text = _SWITCHES[verb]
    told = text % {"queue": queue}
    with recorded(request, Deed(queue, what)) as trail:
        change(queue)
        trail.tell(told)
    messages.success(request, told)
    return HttpResponseRedirect(back)


def _clear(request: HttpRequest, queue: str, back: str) -> HttpResponse:
    if "confirmed" not in request.POST:
        reader = reader_for(request)
        count = inspect.job_set("ready", inspect.Filter(queue=queue), limit=1, reader=reader).total
        shown = ClearConfirmation(queue, count, request.path, back)
        return render(request, "confirm_clear", _("Clear the queue"), shown)
    deed = Deed(queue, _("Clear the queue"), (set_fact(["ready"]),), is_deletion=True)
    unfinished = _("There was no time for more. Do it again to go on.")
    with recorded(request, deed) as trail:
        sweep = control.clear(queue)
        text = ngettext("%(count)s job was deleted.", "%(count)s jobs were deleted.", sweep.changed)
        told = text % {"count": number(sweep.changed)}
        trail.tell(told, *job_facts(sweep.touched))
        if not sweep.is_finished:
            trail.tell(unfinished)
    messages.success(request, told)
    if not sweep.is_finished:
        messages.warning(request, unfinished)
    return HttpResponseRedirect(back)
