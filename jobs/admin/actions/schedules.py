"""Changes to a schedule: pause, resume, run now, another time until its code changes."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.admin.access import (
    CONTROL_SCHEDULE,
    OVERRIDE_SCHEDULE,
    action,
    demand,
    reader_for,
)
from jobs.admin.audit import Deed, recorded
from jobs.admin.clock_form import OverrideForm
from jobs.admin.nav import address
from jobs.admin.pages.schedules import found_or_404, show
from jobs.errors import ScheduleRefused
from jobs.features.periodic import people
from jobs.features.periodic.kept import schedule_of
from jobs.features.periodic.people import ScheduleView
from jobs.store.reader import Reader

#: What to do, what the log calls it, and what people are told.
VERBS: dict[str, tuple[Callable[[ScheduleView], object], str | Promise, str | Promise]] = {
    "pause": (
        people.pause,
        gettext_lazy("Pause"),
        gettext_lazy("Schedule %(name)s is paused: its ticks are skipped."),
    ),
    "resume": (
        people.resume,
        gettext_lazy("Resume"),
        gettext_lazy("Schedule %(name)s goes on."),
    ),
    "run": (
        people.run_now,
        gettext_lazy("Run now"),
        gettext_lazy("Schedule %(name)s made job %(result)s."),
    ),
    "restore": (
        people.take_back,
        gettext_lazy("Take back"),
        gettext_lazy("Schedule %(name)s ticks by the time of its code again."),
    ),
}


@action(page="jobs_schedule", named_by="name")
def schedule_action(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """Change a schedule."""
    if verb == "override":
        demand(request, OVERRIDE_SCHEDULE)
        reader = reader_for(request)
        return _override(request, found_or_404(name, reader), reader)
    if verb not in VERBS:
        raise Http404(_("There is no such action."))
    change, what, text = VERBS[verb]
    demand(request, OVERRIDE_SCHEDULE if verb == "restore" else CONTROL_SCHEDULE)
    return _do(request, found_or_404(name, reader_for(request)), change, Deed(name, what), text)


def _override(request: HttpRequest, view: ScheduleView, reader: Reader) -> HttpResponse:
    """Give a schedule of the code another time.

    What cannot be accepted stays in the form, beside what is wrong with it.
    """
    form = OverrideForm(request.POST)
    if not form.is_valid():
        return show(request, view, reader, form)
    by_code = view.by_code or view.entry
    times = {
        "old": by_code.schedule.when if by_code else "?",
        "new": schedule_of(form.clock).when,
    }
    facts = (_("From %(old)s to %(new)s.") % times,)
    deed = Deed(view.name, _("Override"), facts)
    text = gettext_lazy(
        "Schedule %(name)s ticks by its new time within some seconds, until its code changes."
    )
    return _do(request, view, lambda view: people.override(view, form.clock), deed, text)


def _do(
    request: HttpRequest,
    view: ScheduleView,
    change: Callable[[ScheduleView], object],
    deed: Deed,
    text: str | Promise,
) -> HttpResponse:
    level = messages.SUCCESS
    with recorded(request, deed) as trail:
        try:
            told = str(text) % {"name": view.name, "result": change(view)}
        except ScheduleRefused:
            level, told = messages.WARNING, _why_not(view, change)
        trail.tell(told)
    messages.add_message(request, level, told)
    return _back(request, view)


def _back(request: HttpRequest, view: ScheduleView) -> HttpResponse:
    return HttpResponseRedirect(address(request, "jobs_schedule", name=view.name))


def _why_not(view: ScheduleView, change: Callable[[ScheduleView], object]) -> str:
    """Return why nothing was done, in the language in use."""
    if view.record is None:
        return _("Nothing was done: no worker has announced this schedule yet.")
    if view.trouble:
        return _("Nothing was done: %(trouble)s") % {"trouble": view.trouble}
    if view.entry is None:
        return _("Nothing was done: the code of the web process does not know this schedule.")
    if change is people.take_back and view.by_code is None:
        return _("Nothing was done: this schedule ticks by the time of its code already.")
    return _(
        "Nothing was done: the run before has not ended, or the workers know another version "
        "of this schedule."
    )
