"""One job: what it is, where it is and why, what went wrong so far, and what can be done about it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import inspect
from jobs.admin.access import Can, page
from jobs.admin.forms import RescheduleForm, RunAgainForm
from jobs.admin.nav import Link, address
from jobs.admin.pages.job_set import TITLES
from jobs.admin.responses import render
from jobs.admin.verbs import Verb, verbs_for
from jobs.conf import get_settings
from jobs.inspect import Explanation, JobRecord
from jobs.payload import JobError
from jobs.redaction import redact

PLACES: dict[str, Promise] = {**dict(TITLES.items()), "running": gettext_lazy("Running"), "": gettext_lazy("Nowhere")}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to the job, or will. `mood`: bad for a failure."""

    at: datetime
    title: str
    text: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """One error with its number; only the last has a traceback."""

    number: int
    error: JobError
    at: datetime


@dataclass(frozen=True, slots=True)
class JobDetail:
    """The whole page."""

    job: JobRecord
    place: str | Promise
    explanation: Explanation
    moments: tuple[Moment, ...]
    failures: tuple[Failure, ...]
    arguments: str
    options: str
    context: str
    result: str
    verbs: list[Verb]
    urls: dict[str, str]
    reschedule_form: RescheduleForm
    run_again_form: RunAgainForm | None


@page
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Show one job, wherever it is."""
    return show(request, found_or_404(job_id))


@page
def find(request: HttpRequest) -> HttpResponse:
    """Go to the job whose id was entered."""
    job_id = request.GET.get("id", "").strip().lower()
    return HttpResponseRedirect(address(request, "jobs_job", job_id=found_or_404(job_id).id))


def found_or_404(job_id: str) -> JobRecord:
    """Return the job of this id, or raise Http404."""
    job = inspect.find(job_id) if job_id else None
    if job is None:
        raise Http404(_("No job has the id %(id)s.") % {"id": job_id or "?"})
    return job


def show(request: HttpRequest, job: JobRecord, form: RunAgainForm | None = None) -> HttpResponse:
    """Return the page of a job; a form is given when it could not be accepted."""
    can = Can(request.user)
    verbs = ("retry", "reschedule", "kill", "delete", "cancel", "run-again")
    shown = JobDetail(
        job=job,
        place=PLACES[job.place],
        explanation=inspect.explain_job(job),
        moments=tuple(sorted(_moments(job), key=lambda moment: moment.at)),
        failures=tuple(_failures(job)),
        arguments=_json({"args": job.args, "kwargs": job.kwargs}),
        options=_json(job.payload.options),
        context=_json(redact(job.payload.context, get_settings().redact)),
        result=_json(redact(job.payload.result, get_settings().redact)),
        verbs=verbs_for(job.place, can),
        urls={verb.replace("-", "_"): address(request, "jobs_job_action", job_id=job.id, verb=verb) for verb in verbs},
        reschedule_form=RescheduleForm(),
        run_again_form=(form or RunAgainForm(job)) if can.run_again and job.known_class else None,
    )
    return render(request, "job", job.job_class or _("Unreadable job"), shown, trail=_trail(request, job))


def _trail(request: HttpRequest, job: JobRecord) -> list[Link]:
    if job.place == "ready":
        return [
            Link(_("Queues"), address(request, "jobs_queues")),
            Link(job.queue, address(request, "jobs_queue", queue=job.queue)),
        ]
    if job.place == "running":
        return [Link(_("Workers"), address(request, "jobs_workers"))]
    return [Link(PLACES[job.place], address(request, "jobs_set", name=job.place))] if job.place else []


def _moments(job: JobRecord) -> Iterator[Moment]:
    yield Moment(job.enqueued_at, _("Enqueued"))
    if job.run_after:
        yield Moment(job.run_after, _("Asked to run"))
    for failure in _failures(job):
        yield Moment(failure.at, _("Attempt failed"), str(failure.error.get("class", "")), "bad")
    if job.finished_at:
        yield Moment(job.finished_at, _("Finished"))
    if job.at and job.place in {"scheduled", "retry"}:
        yield Moment(job.at, _("Due"))
    elif job.at and job.place == "dead":
        yield Moment(job.at, _("Moved to the dead set"), mood="bad")
    elif job.at and job.place == "done":
        yield Moment(job.at, _("Result expires"))


def _failures(job: JobRecord) -> Iterator[Failure]:
    for number, error in enumerate(job.errors, 1):
        yield Failure(number, error, datetime.fromtimestamp(float(error.get("at") or 0), UTC))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) if value else ""
