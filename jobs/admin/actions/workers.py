"""Orders to a worker: take no more jobs, or stop."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from jobs import control
from jobs.admin.access import CONTROL_WORKER, action
from jobs.admin.audit import log
from jobs.admin.nav import address


@action(CONTROL_WORKER)
def worker_action(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """Tell a worker to be quiet or to stop."""
    orders = {
        "quiet": (control.quiet, _("Worker %(name)s will take no more jobs.")),
        "stop": (control.stop, _("Worker %(name)s will stop as soon as its jobs are done, or its time is up.")),
    }
    if verb not in orders:
        raise Http404(_("There is no such action."))
    order, text = orders[verb]
    if order(name):
        log(request, name, text % {"name": name})
        messages.success(request, text % {"name": name})
    else:
        messages.warning(request, _("Worker %(name)s gives no sign of life.") % {"name": name})
    return HttpResponseRedirect(address(request, "jobs_workers"))
