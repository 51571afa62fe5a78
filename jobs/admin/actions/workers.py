"""Requests to a worker: take no more jobs, take jobs again, or stop."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from jobs import control, inspect
from jobs.admin.access import CONTROL_WORKER, action, reader_for
from jobs.admin.audit import Deed, recorded
from jobs.admin.nav import address
from jobs.admin.pages.workers import shared_workers


@action(CONTROL_WORKER, page="jobs_workers")
def worker_action(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """Tell a worker to be quiet, to take jobs again, or to stop.

    It must serve no queue that the user may not see.
    """
    requests = {
        "quiet": (control.quiet, _("Quiet"), _("Worker %(name)s will take no more jobs.")),
        "unquiet": (
            control.unquiet,
            _("Take jobs again"),
            _("Worker %(name)s will take jobs again."),
        ),
        "stop": (
            control.stop,
            _("Stop"),
            _("Worker %(name)s will stop as soon as its jobs are done, or its time is up."),
        ),
    }
    if verb not in requests:
        raise Http404(_("There is no such action."))
    send, what, text = requests[verb]
    is_in_sight = _is_in_sight(request, name)
    with recorded(request, Deed(name, what)) as trail:
        is_alive = is_in_sight and send(name)
        text = text if is_alive else _("Worker %(name)s gives no sign of life.")
        told = text % {"name": name}
        trail.tell(told)
    messages.add_message(request, messages.SUCCESS if is_alive else messages.WARNING, told)
    return HttpResponseRedirect(address(request, "jobs_workers"))


def _is_in_sight(request: HttpRequest, name: str) -> bool:
    """Return whether the user may see a worker.

    Raise PermissionDenied if it serves other queues too: those who wait in them would miss it.
    """
    reader = reader_for(request)
    if name in shared_workers(reader):
        raise PermissionDenied
    return reader.sight.sees_all_queues or any(
        worker.name == name for worker in inspect.workers(reader)
    )
