"""Changes to one job, from its page: retry, reschedule, kill, delete, cancel, run again.

The last has a file of its own.
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from jobs import control
from jobs.admin.access import CANCEL, RUN_AGAIN, VIEW_ARGUMENTS, action, demand
from jobs.admin.actions.run_again import run_again
from jobs.admin.audit import recorded
from jobs.admin.facts import job_deed, new_time_fact
from jobs.admin.forms import RescheduleForm
from jobs.admin.nav import address
from jobs.admin.pages.job import found_or_404
from jobs.admin.verbs import VERBS, told_of_barred
from jobs.inspect import JobRecord


@action(page="jobs_job", named_by="job_id")
def job_action(request: HttpRequest, job_id: str, verb: str) -> HttpResponse:
    """Do something to one job."""
    if verb == "cancel":
        demand(request, CANCEL)
        return _cancel(request, found_or_404(request, job_id))
    if verb == "run-again":
        demand(request, RUN_AGAIN, VIEW_ARGUMENTS)
        return run_again(request, found_or_404(request, job_id))
    if verb not in VERBS:
        raise Http404(_("There is no such action."))
    demand(request, VERBS[verb].permission)
    return _change(request, found_or_404(request, job_id), verb)


def _change(request: HttpRequest, job: JobRecord, name: str) -> HttpResponse:
    verb = VERBS[name]
    is_deletion = name == "delete"
    form = RescheduleForm(request.POST) if verb.needs_time else None
    if form and not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["at"])))
        return _back(request, job)
    at = form.cleaned_data["at"] if form else None
    deed = job_deed(job, verb.label, *new_time_fact(at), is_deletion=is_deletion)
    with recorded(request, deed) as trail:
        barred: list[str] = []
        is_changed = bool(verb.change([job], at, barred))
        told = verb.sentence(1) if is_changed else _moved_on()
        if barred:
            told = told_of_barred(1)
        trail.tell(told)
    messages.add_message(request, messages.SUCCESS if is_changed else messages.WARNING, told)
    if is_changed and is_deletion:
        return HttpResponseRedirect(_list_url(request, job))
    return _back(request, job)


def _moved_on() -> str:
    return _("The job has moved on meanwhile, so nothing was changed.")


def _cancel(request: HttpRequest, job: JobRecord) -> HttpResponse:
    told = _("The worker was asked to cancel the job. A job in a thread ends when it looks.")
    with recorded(request, job_deed(job, _("Cancel"))) as trail:
        is_running = control.cancel(job)
        if not is_running:
            told = _("The job does not run any more, so there is nothing to cancel.")
        trail.tell(told)
    messages.add_message(request, messages.SUCCESS if is_running else messages.WARNING, told)
    if request.POST.get("from") == "running":
        return HttpResponseRedirect(address(request, "jobs_running"))
    return _back(request, job)


def _back(request: HttpRequest, job: JobRecord) -> HttpResponse:
    return HttpResponseRedirect(address(request, "jobs_job", job_id=job.id))


def _list_url(request: HttpRequest, job: JobRecord) -> str:
    if job.place == "ready":
        return address(request, "jobs_queue", queue=job.queue)
    return address(request, "jobs_set", name=job.place)
