"""Changes to a queue: pause, resume, clear."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs import control, inspect
from jobs.admin.access import CLEAR_QUEUE, PAUSE_QUEUE, action, demand
from jobs.admin.audit import log
from jobs.admin.nav import address
from jobs.admin.responses import render
from jobs.templatetags.jobs_format import number

PERMISSIONS = {"pause": PAUSE_QUEUE, "resume": PAUSE_QUEUE, "clear": CLEAR_QUEUE}


@dataclass(frozen=True, slots=True)
class ClearConfirmation:
    """The page that asks whether a queue is really to be cleared."""

    queue: str
    count: int
    url: str
    back: str


@action()
def queue_action(request: HttpRequest, queue: str, verb: str) -> HttpResponse:
    """Pause, resume or clear a queue."""
    if verb not in PERMISSIONS:
        raise Http404(_("There is no such action."))
    demand(request, PERMISSIONS[verb])
    if queue not in inspect.queue_names():
        raise Http404(_("There is no queue %(queue)s.") % {"queue": queue})
    back = address(request, "jobs_queue", queue=queue)
    if verb == "clear":
        return _clear(request, queue, back)
    change = control.pause if verb == "pause" else control.resume
    change(queue)
    text = _("Queue %(queue)s is paused.") if verb == "pause" else _("Queue %(queue)s goes on.")
    _tell(request, queue, text % {"queue": queue})
    return HttpResponseRedirect(back)


def _clear(request: HttpRequest, queue: str, back: str) -> HttpResponse:
    if "confirmed" not in request.POST:
        count = inspect.job_set("ready", inspect.Filter(queue=queue), limit=1).total
        shown = ClearConfirmation(queue, count, request.path, back)
        return render(request, "confirm_clear", _("Clear the queue"), shown)
    sweep = control.clear(queue)
    text = ngettext("%(count)s job was deleted.", "%(count)s jobs were deleted.", sweep.changed)
    _tell(request, queue, text % {"count": number(sweep.changed)}, is_deletion=True)
    if not sweep.is_finished:
        messages.warning(request, _("There was no time for more. Do it again to go on."))
    return HttpResponseRedirect(back)


def _tell(request: HttpRequest, queue: str, text: str, *, is_deletion: bool = False) -> None:
    log(request, queue, text, is_deletion=is_deletion)
    messages.success(request, text)
