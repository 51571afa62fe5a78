"""Changes to a schedule: pause, resume, run now."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.admin.access import CONTROL_SCHEDULE, action, reader_for
from jobs.admin.audit import Deed, recorded
from jobs.admin.nav import address
from jobs.admin.pages.schedules import found_or_404
from jobs.errors import ScheduleRefused
from jobs.features.periodic import people
from jobs.features.periodic.people import ScheduleView

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
}


@action(CONTROL_SCHEDULE, page="jobs_schedule", named_by="name")
def schedule_action(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """Pause, resume or run a schedule."""
    if verb not in VERBS:
        raise Http404(_("There is no such action."))
    change, what, text = VERBS[verb]
    view = found_or_404(name, reader_for(request))
    level = messages.SUCCESS
    with recorded(request, Deed(name, what)) as trail:
        try:
            told = str(text) % {"name": name, "result": change(view)}
        except ScheduleRefused:
            level, told = messages.WARNING, _why_not(view)
        trail.tell(told)
    messages.add_message(request, level, told)
    return HttpResponseRedirect(address(request, "jobs_schedule", name=name))


def _why_not(view: ScheduleView) -> str:
    """Return why nothing was done, in the language in use."""
    if view.record is None:
        return _("Nothing was done: no worker has announced this schedule yet.")
    if view.entry is None:
        return _("Nothing was done: the code of the web process does not know this schedule.")
    return _(
        "Nothing was done: the run before has not ended, or the workers know another version "
        "of this schedule."
    )
