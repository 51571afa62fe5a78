"""The page of one job.

It shows what the job is, where it is and why, what went wrong so far, and what can be done about
it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import inspect
from jobs.admin.access import Can, page, reader_for
from jobs.admin.forms import RescheduleForm
from jobs.admin.nav import Link, address
from jobs.admin.pages.job_set import TITLES
from jobs.admin.responses import render
from jobs.admin.run_again import RunAgainForm
from jobs.admin.verbs import Verb, verbs_for
from jobs.conf import get_settings
from jobs.inspect import Explanation, JobRecord
from jobs.inspect.outbox import explain_row, kept_row
from jobs.inspect.record import text_in, time_of
from jobs.occasion import occasion_of, without_occasion
from jobs.redaction import redact, redact_text, redact_traceback
from jobs.store.reader import Reader

PLACES: dict[str, Promise] = {
    **dict(TITLES.items()),
    "running": gettext_lazy("Running"),
    "": gettext_lazy("Nowhere"),
}


#: What the sentences about a job answer, by its place. QUESTION stands for all others.
QUESTIONS: dict[str, Promise] = {
    "running": gettext_lazy("What it is doing"),
    "retry": gettext_lazy("Why does it wait?"),
    "dead": gettext_lazy("What became of it"),
    "done": gettext_lazy("What became of it"),
}
QUESTION = gettext_lazy("Why has it not run yet?")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to the job, or will happen.

    `mood` is "bad" for a failure.
    """

    at: datetime
    title: str
    text: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """One error with its number.

    Only the last error has a traceback. `at` is None where the error does not tell its time.
    """

    number: int
    error_class: str
    message: str
    worker: str
    traceback: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class JobDetail:
    """The whole page."""

    job: JobRecord
    place: str | Promise
    question: str | Promise
    explanation: Explanation
    moments: tuple[Moment, ...]
    failures: tuple[Failure, ...]
    arguments: str
    options: str
    context: str
    result: str
    verbs: list[Verb]
    urls: dict[str, str]
    unique_url: str
    schedule_url: str
    reschedule_form: RescheduleForm
    run_again_form: RunAgainForm | None


@page
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Show one job, wherever it is."""
    reader = reader_for(request)
    return show(request, found_or_404(request, job_id, reader), reader=reader)


@page
def find(request: HttpRequest) -> HttpResponse:
    """Go to the job whose id was entered."""
    job_id = request.GET.get("id", "").strip().lower()
    return HttpResponseRedirect(
        address(request, "jobs_job", job_id=found_or_404(request, job_id).id)
    )


def found_or_404(request: HttpRequest, job_id: str, reader: Reader | None = None) -> JobRecord:
    """Return a job as the user may see it, or raise Http404."""
    reader = reader or reader_for(request)
    job = inspect.find(job_id, reader) if job_id else None
    if job is not None:
        return job
    if row := kept_row(job_id, reader):
        raise Http404(" ".join(explain_row(row, reader)))
    raise Http404(_("No job has the id %(id)s.") % {"id": job_id or "?"})


def show(
    request: HttpRequest,
    job: JobRecord,
    form: RunAgainForm | None = None,
    *,
    reader: Reader | None = None,
) -> HttpResponse:
    """Return the page of a job.

    A form is given when what was entered in it could not be accepted.
    """
    reader = reader or reader_for(request)
    can = Can(request.user)
    can_copy = job.known_class and job.is_trusted and not job.is_encrypted
    if not can.run_again or not can_copy:
        form = None
    elif form is None:
        form = RunAgainForm(job)
    secrets = get_settings().redact
    failures = tuple(_failures(job, secrets))
    sees_arguments = can.view_arguments and not job.is_encrypted
    shown = JobDetail(
        job=job,
        place=PLACES[job.place],
        question=QUESTIONS.get(job.place, QUESTION),
        explanation=inspect.explain_job(job, reader),
        moments=tuple(sorted(_moments(job, failures), key=lambda moment: moment.at)),
        failures=failures,
        arguments=_json({"args": job.args, "kwargs": job.kwargs}) if sees_arguments else "",
        options=_json(redact(job.payload.options, secrets)),
        context=_json(redact(without_occasion(job.payload.context), secrets)),
        result=_json(redact(job.payload.result, secrets)),
        verbs=verbs_for(job.place, can),
        urls=_action_urls(request, job),
        unique_url=_unique_url(request, job, reader),
        schedule_url=_schedule_url(request, job),
        reschedule_form=RescheduleForm(),
        run_again_form=form,
    )
    title = job.job_class or _("Unreadable job")
    trail = _trail(request, job)
    return render(request, "job", title, shown, trail=trail, problems=reader.problems)


def _action_urls(request: HttpRequest, job: JobRecord) -> dict[str, str]:
    """Return the address of each action, by a name that a template can spell."""
    verbs = ("retry", "reschedule", "kill", "delete", "cancel", "run-again")
    return {
        verb.replace("-", "_"): address(request, "jobs_job_action", job_id=job.id, verb=verb)
        for verb in verbs
    }


def _unique_url(request: HttpRequest, job: JobRecord, reader: Reader) -> str:
    """Return the address of the places of its class.

    It is empty for a job that is not unique.
    """
    if inspect.unique_place_of(job, reader) is None:
        return ""
    query = urlencode({"job_class": job.job_class, "queue": job.queue})
    return f"{address(request, 'jobs_unique')}?{query}"


def _schedule_url(request: HttpRequest, job: JobRecord) -> str:
    """Return the address of the schedule that made it, empty if none did."""
    occasion = occasion_of(job.payload.context)
    return address(request, "jobs_schedule", name=occasion.schedule) if occasion else ""


def _trail(request: HttpRequest, job: JobRecord) -> list[Link]:
    if job.place == "ready":
        return [
            Link(_("Queues"), address(request, "jobs_queues")),
            Link(job.queue, address(request, "jobs_queue", queue=job.queue)),
        ]
    if job.place == "running":
        return [Link(_("Workers"), address(request, "jobs_workers"))]
    if job.place:
        return [Link(PLACES[job.place], address(request, "jobs_set", name=job.place))]
    return []


def _moments(job: JobRecord, failures: Sequence[Failure]) -> Iterator[Moment]:
    if job.payload.enqueued_at:
        yield Moment(job.enqueued_at, _("Enqueued"))
    if job.run_after:
        yield Moment(job.run_after, _("Asked to run"))
    for failure in failures:
        if failure.at:
            yield Moment(failure.at, _("Attempt failed"), failure.error_class, "bad")
    if job.finished_at:
        yield Moment(job.finished_at, _("Finished"))
    if job.at:
        yield from _moments_of_place(job.place, job.at)


def _moments_of_place(place: str, at: datetime) -> Iterator[Moment]:
    """Yield what the time means by which a set is sorted."""
    if place in {"scheduled", "retry"}:
        yield Moment(at, _("Due"))
    elif place == "dead":
        yield Moment(at, _("Moved to the dead set"), mood="bad")
    elif place == "done":
        yield Moment(at, _("Result expires"))


def _failures(job: JobRecord, secrets: Sequence[str]) -> Iterator[Failure]:
    for number, error in enumerate(job.errors, 1):
        yield Failure(
            number=number,
            error_class=text_in(error, "class"),
            message=redact_text(text_in(error, "message"), secrets),
            worker=text_in(error, "worker"),
            traceback=redact_traceback(text_in(error, "traceback"), secrets),
            at=time_of(error),
        )


def _json(value: Any) -> str:
    if not value:
        return ""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except RecursionError:
        return _("It is nested too deep to be shown.")
