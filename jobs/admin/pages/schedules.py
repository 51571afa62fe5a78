"""The schedules: when each ticks next, and how its last runs ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from jobs.admin.access import Can, page, reader_for
from jobs.admin.clock_form import OverrideForm
from jobs.admin.nav import Link, address
from jobs.admin.responses import render
from jobs.errors import ScheduleRefused
from jobs.features.periodic import people
from jobs.features.periodic.kept import schedulable_classes
from jobs.features.periodic.people import ScheduleView
from jobs.models import ScheduleEntry
from jobs.moment import moment
from jobs.store.reader import Reader
from jobs.store.schedule_records import ScheduledRun
from jobs.templatetags.jobs_format import instant, number

#: Ticks to come that are shown of one schedule.
PREVIEW = 10
#: How a run ended or why there was none, and its mood.
WORDS: dict[str, tuple[str | Promise, str]] = {
    "fired": (gettext_lazy("not ended yet"), ""),
    "done": (gettext_lazy("done"), "good"),
    "retried": (gettext_lazy("failed, is tried again"), "warn"),
    "dead": (gettext_lazy("dead"), "bad"),
    "discarded": (gettext_lazy("discarded"), "bad"),
    "pointless": (gettext_lazy("nothing to do"), "good"),
    "expired": (gettext_lazy("expired"), "warn"),
    "snoozed": (gettext_lazy("comes back later"), ""),
    "interrupted": (gettext_lazy("interrupted, runs again"), ""),
    "cancelled": (gettext_lazy("cancelled"), "warn"),
    "quarantined": (gettext_lazy("in quarantine"), "bad"),
    "parked": (gettext_lazy("parked"), "bad"),
    "unknown": (gettext_lazy("class unknown, is tried again"), "warn"),
    "overlap": (gettext_lazy("skipped: the run before had not ended"), "warn"),
    "paused": (gettext_lazy("skipped: paused"), ""),
    "missed": (gettext_lazy("skipped: nobody was there in time"), "bad"),
}
STATES: dict[str, tuple[str | Promise, str]] = {
    "on": (gettext_lazy("on"), "good"),
    "paused": (pgettext_lazy("a schedule", "paused"), "warn"),
    "resting": (gettext_lazy("resting"), ""),
    "off": (pgettext_lazy("a schedule", "off"), ""),
    "new": (gettext_lazy("not announced yet"), "warn"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One tick that was fired or skipped.

    The address is empty where there is no job.
    """

    job_id: str
    url: str
    tick: datetime
    at: datetime
    word: str
    mood: str


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule with its address.

    `overdue` is since when a run has been missing, None where none is. `run_url` is empty where it
    cannot be run now.
    """

    view: ScheduleView
    url: str
    run_url: str
    queue_url: str
    state: str
    mood: str
    next: datetime | None
    last: Run | None
    done: datetime | None
    overdue: datetime | None


@dataclass(frozen=True, slots=True)
class SchedulesPage:
    """All schedules, and where one is added to those of the database.

    That address is empty where no class can be scheduled by people.
    """

    rows: tuple[ScheduleRow, ...]
    add_url: str


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """One schedule, its ticks to come, and its last runs.

    `form` is there for those of the code, and `edit_url` for those of the database.
    """

    row: ScheduleRow
    ticks: tuple[tuple[str, bool], ...]
    runs: tuple[Run, ...]
    urls: dict[str, str]
    form: OverrideForm | None
    edit_url: str


@page
def schedules(request: HttpRequest) -> HttpResponse:
    """List the schedules."""
    reader = reader_for(request)
    now = reader.now()
    rows = [_row(request, view, now) for view in people.views(reader)]
    add_url = address(request, "jobs_scheduleentry_add") if schedulable_classes() else ""
    shown = SchedulesPage(tuple(rows), add_url)
    return render(request, "schedules", _("Schedules"), shown, problems=reader.problems)


@page
def schedule(request: HttpRequest, name: str) -> HttpResponse:
    """Show one schedule."""
    reader = reader_for(request)
    return show(request, found_or_404(name, reader), reader)


def show(
    request: HttpRequest, view: ScheduleView, reader: Reader, form: OverrideForm | None = None
) -> HttpResponse:
    """Return the page of a schedule.

    A form is given when what was entered in it could not be accepted.
    """
    now = reader.now()
    has_form = view.entry is not None and not view.is_kept
    shown = SchedulePage(
        row=_row(request, view, now),
        ticks=tuple(
            (written_there(tick.at), tick.is_on_change) for tick in view.preview(PREVIEW, now)
        ),
        runs=tuple(_runs(request, view)),
        urls={
            verb: address(request, "jobs_schedule_action", name=view.name, verb=verb)
            for verb in ("pause", "resume", "run", "override", "restore")
        },
        form=(form or OverrideForm()) if has_form else None,
        edit_url=_edit_url(request, view) if view.is_kept else "",
    )
    trail = [Link(_("Schedules"), address(request, "jobs_schedules"))]
    return render(request, "schedule", view.name, shown, trail=trail, problems=reader.problems)


def found_or_404(name: str, reader: Reader) -> ScheduleView:
    """Return a schedule that is in sight, or raise Http404."""
    try:
        return people.find(name, reader)
    except ScheduleRefused as error:
        raise Http404(_("There is no schedule %(name)s.") % {"name": name}) from error


def _edit_url(request: HttpRequest, view: ScheduleView) -> str:
    """Return where a schedule of the database is edited, empty if it is gone."""
    if not Can(request.user).change_schedule:
        return ""
    rows = ScheduleEntry.objects.filter(job_class=view.job_class, name=view.own_name)
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        return ""
    return address(request, "jobs_scheduleentry_change", object_id=str(found))


def _row(request: HttpRequest, view: ScheduleView, now: float) -> ScheduleRow:
    state, mood = STATES[view.state]
    ticks = view.preview(1, now) if view.state == "on" else []
    runs = _runs(request, view)
    done = view.record.done if view.record else None
    return ScheduleRow(
        view=view,
        url=address(request, "jobs_schedule", name=view.name),
        run_url=_run_url(request, view),
        queue_url=address(request, "jobs_queue", queue=view.queue),
        state=str(state),
        mood=mood,
        next=ticks[0].at if ticks else None,
        last=runs[0] if runs else None,
        done=moment(done / 1000) if done else None,
        overdue=_overdue(view, now),
    )


def _run_url(request: HttpRequest, view: ScheduleView) -> str:
    is_runnable = view.entry and view.state in {"on", "paused"} and not view.trouble
    if not is_runnable or not Can(request.user).control_schedule:
        return ""
    return address(request, "jobs_schedule_action", name=view.name, verb="run")


def _overdue(view: ScheduleView, now: float) -> datetime | None:
    """Return since when people ought to know that a run is missing."""
    late_at = view.record.late_at if view.record else None
    return None if late_at is None or late_at > now * 1000 else moment(late_at / 1000)


def _runs(request: HttpRequest, view: ScheduleView) -> Sequence[Run]:
    return [_run(request, run) for run in view.record.runs] if view.record else []


def _run(request: HttpRequest, run: ScheduledRun) -> Run:
    word, mood = WORDS.get(run.word, (run.word, ""))
    has_job = run.word not in {"overlap", "paused", "missed"}
    return Run(
        job_id=run.job_id if has_job else "",
        url=address(request, "jobs_job", job_id=run.job_id) if has_job else "",
        tick=moment(run.tick / 1000),
        at=moment(run.at / 1000),
        word=_with_missed(str(word), run.missed),
        mood=mood,
    )


def _with_missed(word: str, missed: int) -> str:
    """Return a word, and how many ticks before it nobody fired."""
    if not missed:
        return word
    text = ngettext(
        "%(word)s; %(count)s tick before it was missed",
        "%(word)s; %(count)s ticks before it were missed",
        missed,
    )
    return text % {"word": word, "count": number(missed)}


def written_there(at: datetime) -> SafeString:
    """Write a moment in its own zone, with the day of the week."""
    format_ = pgettext("date format, with seconds and zone", "M j, Y, H:i:s T")
    return instant(at, f"{date_format(at, 'D')} {date_format(at, format_)}")
