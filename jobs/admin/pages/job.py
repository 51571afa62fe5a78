"""The page of one job.

It shows what the job is, where it is and why, what went wrong so far, and what can be done about
it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import inspect
from jobs.admin.access import Can, page, reader_for
from jobs.admin.forms import RescheduleForm
from jobs.admin.frames import Traceback, folded
from jobs.admin.headline import attempt_in_words, headline
from jobs.admin.job_links import JobLinks, links_of
from jobs.admin.named_values import NamedValue, arguments_of, as_json, context_of
from jobs.admin.nav import Link, address
from jobs.admin.pages.job_set import TITLES
from jobs.admin.responses import render
from jobs.admin.run_again import RunAgainForm
from jobs.admin.verbs import Verb, verbs_for
from jobs.conf import get_settings
from jobs.inspect import Explanation, JobRecord, Moment
from jobs.inspect.outbox import explain_row, kept_row
from jobs.inspect.record import text_in, time_of
from jobs.redaction import redact, redact_text, redact_traceback
from jobs.store.reader import Reader

PLACES: dict[str, Promise] = {
    **dict(TITLES.items()),
    "running": gettext_lazy("Running"),
    "": gettext_lazy("Nowhere"),
}
#: Places whose colour says more than that the job waits.
MOODS = {"running": "good", "done": "good", "retry": "warn", "dead": "bad", "": "bad"}


@dataclass(frozen=True, slots=True)
class Failure:
    """One error, with the number of its attempt where that is known.

    Only the last error has a traceback. `at` is None where the error does not tell its time.
    """

    number: int | None
    error_class: str
    message: str
    worker: str
    traceback: Traceback
    at: datetime | None


@dataclass(frozen=True, slots=True)
class JobDetail:
    """The whole page.

    `sentences` are those of the explanation that the headline does not hold already.
    """

    job: JobRecord
    mood: str
    headline: str
    sentences: tuple[str, ...]
    attempt: str
    moments: tuple[Moment, ...]
    failures: tuple[Failure, ...]
    arguments: tuple[NamedValue, ...]
    options: str
    context: tuple[NamedValue, ...]
    result: str
    verbs: list[Verb]
    urls: dict[str, str]
    links: JobLinks
    reschedule_form: RescheduleForm
    run_again_form: RunAgainForm | None


@page
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Show one job, wherever it is."""
    reader = reader_for(request)
    return show(request, found_or_404(request, job_id, reader), reader=reader)


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
    secrets = get_settings().redact
    explanation = inspect.explain_job(job, reader)
    sees_arguments = can.view_arguments and not job.is_encrypted
    shown = JobDetail(
        job=job,
        mood=_mood(job, explanation),
        headline=headline(job, explanation, reader.now()),
        sentences=explanation.sentences[1 if job.place == "ready" else 0 :],
        attempt=attempt_in_words(job),
        moments=inspect.timeline(job, explanation.running_since),
        failures=tuple(_failures(job, secrets)),
        arguments=arguments_of(job) if sees_arguments else (),
        options=as_json(redact(job.payload.options, secrets)),
        context=context_of(job, secrets),
        result=as_json(redact(job.payload.result, secrets)),
        verbs=verbs_for(job.place, can),
        urls=_action_urls(request, job),
        links=links_of(request, job, reader, is_held=explanation.is_held),
        reschedule_form=RescheduleForm(),
        run_again_form=(form or RunAgainForm(job)) if _can_run_again(job, can) else None,
    )
    title = job.job_class or _("Unreadable job")
    trail = _trail(request, job)
    return render(request, "job", title, shown, trail=trail, problems=reader.problems)


def _can_run_again(job: JobRecord, can: Can) -> bool:
    """Return whether a copy of a job can be made, and by this user."""
    is_readable = job.is_trusted and not job.is_encrypted
    return can.run_again and is_readable and job.known_class is not None


def _action_urls(request: HttpRequest, job: JobRecord) -> dict[str, str]:
    """Return the address of each action, by a name that a template can spell."""
    verbs = ("retry", "reschedule", "kill", "delete", "cancel", "run-again")
    return {
        verb.replace("-", "_"): address(request, "jobs_job_action", job_id=job.id, verb=verb)
        for verb in verbs
    }


def _trail(request: HttpRequest, job: JobRecord) -> list[Link]:
    if job.place == "ready":
        return [
            Link(_("Queues"), address(request, "jobs_queues")),
            Link(job.queue, address(request, "jobs_queue", queue=job.queue)),
        ]
    if job.place == "running":
        return [Link(_("Running"), address(request, "jobs_running"))]
    if job.place:
        return [Link(TITLES[job.place], address(request, "jobs_set", name=job.place))]
    return []


def _mood(job: JobRecord, explanation: Explanation) -> str:
    """Return the colour of the heading.

    A job whose worker is silent does not run well.
    """
    is_lost = job.place == "running" and not explanation.is_held
    return "warn" if is_lost else MOODS.get(job.place, "")


def _failures(job: JobRecord, secrets: Sequence[str]) -> Iterator[Failure]:
    for number, error in zip(inspect.attempt_numbers(job), job.errors, strict=True):
        yield Failure(
            number=number,
            error_class=text_in(error, "class"),
            message=redact_text(text_in(error, "message"), secrets),
            worker=text_in(error, "worker"),
            traceback=folded(redact_traceback(text_in(error, "traceback"), secrets)),
            at=time_of(error),
        )
