"""Changes to one job, from its page: retry, reschedule, kill, delete, cancel, run again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from jobs import control
from jobs.admin.access import CANCEL, RUN_AGAIN, action, demand
from jobs.admin.audit import log
from jobs.admin.forms import RescheduleForm, RunAgainForm
from jobs.admin.nav import address
from jobs.admin.pages.job import found_or_404, show
from jobs.admin.verbs import VERBS
from jobs.errors import InvalidArguments, UnknownJob
from jobs.inspect import JobRecord


@action()
def job_action(request: HttpRequest, job_id: str, verb: str) -> HttpResponse:
    """Do something to one job."""
    own = {"cancel": (CANCEL, _cancel), "run-again": (RUN_AGAIN, _run_again)}
    if verb not in VERBS and verb not in own:
        raise Http404(_("There is no such action."))
    permission, act = own.get(verb) or (VERBS[verb].permission, lambda request, job: _change(request, job, verb))
    demand(request, permission)
    return act(request, found_or_404(job_id))


def _change(request: HttpRequest, job: JobRecord, name: str) -> HttpResponse:
    verb = VERBS[name]
    form = RescheduleForm(request.POST) if verb.needs_time else None
    if form and not form.is_valid():
        messages.error(request, _("Enter the date and time at which it shall run."))
        return _back(request, job)
    if not verb.change([job], form.cleaned_data["at"] if form else None):
        messages.warning(request, _("The job has moved on meanwhile, so nothing was changed."))
        return _back(request, job)
    _tell(request, job, verb.sentence(1), is_deletion=name == "delete")
    return HttpResponseRedirect(_list_url(request, job)) if name == "delete" else _back(request, job)


def _cancel(request: HttpRequest, job: JobRecord) -> HttpResponse:
    if control.cancel(job):
        _tell(request, job, _("The worker was asked to cancel the job. A job in a thread ends when it looks."))
    else:
        messages.warning(request, _("The job does not run any more, so there is nothing to cancel."))
    return _back(request, job)


def _run_again(request: HttpRequest, job: JobRecord) -> HttpResponse:
    if job.known_class is None:
        messages.error(request, str(UnknownJob(job.job_class)))
        return _back(request, job)
    form = RunAgainForm(job, request.POST)
    if not form.is_valid():
        return show(request, job, form)
    try:
        copy = control.run_again(job, form.cleaned_data["args"], form.cleaned_data["kwargs"])
    except InvalidArguments as error:
        form.add_error(None, str(error))
        return show(request, job, form)
    _tell(request, job, _("A copy was enqueued as job %(id)s.") % {"id": copy.id})
    return HttpResponseRedirect(address(request, "jobs_job", job_id=copy.id))


def _tell(request: HttpRequest, job: JobRecord, text: str, *, is_deletion: bool = False) -> None:
    log(request, f"{job.job_class} {job.id}", text, job_id=job.id, is_deletion=is_deletion)
    messages.success(request, text)


def _back(request: HttpRequest, job: JobRecord) -> HttpResponse:
    return HttpResponseRedirect(address(request, "jobs_job", job_id=job.id))


def _list_url(request: HttpRequest, job: JobRecord) -> str:
    if job.place == "ready":
        return address(request, "jobs_queue", queue=job.queue)
    return address(request, "jobs_set", name=job.place)
