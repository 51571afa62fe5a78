"""Enqueues a copy of a job with edited arguments.

A copy that takes secrets along in changed company asks first: a changed address beside a kept token
sends the token there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from jobs import control
from jobs.admin.audit import recorded
from jobs.admin.facts import job_deed
from jobs.admin.markers import MOST_CHANGES, Changes, Entered
from jobs.admin.nav import Link, address
from jobs.admin.pages.job import show
from jobs.admin.responses import render
from jobs.admin.run_again import RunAgainForm
from jobs.enqueue import EnqueuedJob
from jobs.errors import InvalidArguments, InvalidJob, InvalidPayload, QueueFull, UnknownJob
from jobs.inspect import JobRecord
from jobs.templatetags.jobs_format import number


@dataclass(frozen=True, slots=True)
class CopyConfirmation:
    """The page that asks whether secrets are to go with what was changed."""

    job: JobRecord
    kept: tuple[str, ...]
    changes: Changes
    args: str
    kwargs: str
    url: str
    back: str


def run_again(request: HttpRequest, job: JobRecord) -> HttpResponse:
    """Enqueue a copy of a job with the arguments that were entered."""
    back = address(request, "jobs_job", job_id=job.id)
    if refusal := _refusal(job):
        messages.error(request, refusal)
        return HttpResponseRedirect(back)
    form = RunAgainForm(job, request.POST)
    if not form.is_valid():
        return show(request, job, form)
    entered = form.entered
    try:
        control.check_copy(job, entered.args, entered.kwargs)
        changes = form.changes()
        _check_number(entered, changes)
        if entered.kept and changes.count and "confirmed" not in request.POST:
            return _ask(request, job, entered, changes)
        copy, told = _enqueue(request, job, entered, changes)
    except (InvalidArguments, InvalidJob, InvalidPayload, QueueFull, UnknownJob) as error:
        form.add_error(None, str(error))
        return show(request, job, form)
    if copy.is_vetoed:
        messages.warning(request, told)
        return HttpResponseRedirect(back)
    messages.add_message(request, messages.WARNING if copy.is_duplicate else messages.SUCCESS, told)
    return HttpResponseRedirect(address(request, "jobs_job", job_id=copy.id))


def _refusal(job: JobRecord) -> str:
    """Return why nobody can edit the arguments of a job, nothing where somebody can."""
    if job.known_class is None:
        return str(UnknownJob(job.job_class))
    if job.is_encrypted:
        return _("The arguments are encrypted: nobody can read them here.")
    return ""


def _enqueue(
    request: HttpRequest, job: JobRecord, entered: Entered, changes: Changes
) -> tuple[EnqueuedJob, str]:
    """Enqueue the copy on the record, and return it with what people are told."""
    with recorded(request, job_deed(job, _("Run again"), *_told(entered, changes))) as trail:
        copy = control.run_again(job, entered.args, entered.kwargs)
        told = _("A copy was enqueued as job %(id)s.") % {"id": copy.id}
        if copy.is_vetoed:
            told = _("A middleware refused the copy, so nothing was enqueued.")
        elif copy.is_duplicate:
            told = _("Nothing was enqueued: job %(id)s holds the unique key.") % {"id": copy.id}
        trail.tell(told)
    return copy, told


def _check_number(entered: Entered, changes: Changes) -> None:
    """Raise InvalidArguments for more changes beside secrets than can be looked through."""
    if entered.kept and changes.count > MOST_CHANGES:
        raise InvalidArguments(
            _(
                "%(count)s places differ, too many to see where the secrets go. Change at most "
                "%(most)s, or enter the secrets anew."
            )
            % {"count": changes.count, "most": MOST_CHANGES}
        )


def _ask(request: HttpRequest, job: JobRecord, entered: Entered, changes: Changes) -> HttpResponse:
    shown = CopyConfirmation(
        job=job,
        kept=entered.kept,
        changes=changes,
        args=request.POST["args"],
        kwargs=request.POST["kwargs"],
        url=request.path,
        back=address(request, "jobs_job", job_id=job.id),
    )
    trail = [Link(job.job_class, shown.back)]
    return render(request, "confirm_run_again", _("Run again"), shown, trail=trail)


def _told(entered: Entered, changes: Changes) -> list[str]:
    """Return sentences for the admin log.

    They tell what was changed, and which secrets were sent along.
    """
    told = []
    if changes.count:
        parts = [f"{each.place}: {each.before} → {each.after}" for each in changes.first]
        listed = _listed("; ", parts, changes.count)
        told.append(_("Changed: %(changes)s.") % {"changes": listed})
    if entered.kept:
        listed = _listed(", ", entered.kept[:MOST_CHANGES], len(entered.kept))
        told.append(_("Secrets sent along: %(places)s.") % {"places": listed})
    return told


def _listed(separator: str, parts: Sequence[str], count: int) -> str:
    """Return the parts as one text, with the number of those left out."""
    left_out = count - len(parts)
    more = [_("and %(count)s more") % {"count": number(left_out)}] if left_out else []
    return separator.join([*parts, *more])
