"""Changes to the jobs of a set: those that are ticked, or all that match the filter in the address."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import action, demand
from jobs.admin.audit import log
from jobs.admin.forms import FilterForm, RescheduleForm
from jobs.admin.nav import address
from jobs.admin.pages.failures import GROUP_VERBS
from jobs.admin.pages.job_set import TITLES, query_of
from jobs.admin.responses import render
from jobs.admin.verbs import VERBS, Verb
from jobs.control import Sweep
from jobs.inspect import Filter
from jobs.store.reader import SetName
from jobs.templatetags.jobs_format import number


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for: a verb, the sets, and the ticked jobs or else all that match. `back` is where to go."""

    verb: Verb
    names: tuple[SetName, ...]
    jobs: Filter
    ids: tuple[str, ...]
    is_all: bool
    title: str
    back: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The page that asks whether it is really meant, or when a job shall run."""

    wish: Wish
    count: int
    is_exact: bool
    form: RescheduleForm | None
    fields: tuple[tuple[str, str], ...]
    url: str


@action()
def set_action(request: HttpRequest, name: SetName) -> HttpResponse:
    """Change jobs of a set, over all queues or the one that the filter names."""
    query = query_of(request)
    back = address(request, "jobs_set", name=name) + (f"?{query}" if query else "")
    return _act(request, _wish(request, (name,), _filter(request), str(TITLES[name]), back))


@action()
def ready_action(request: HttpRequest, queue: str) -> HttpResponse:
    """Change ready jobs of one queue."""
    query = query_of(request)
    back = address(request, "jobs_queue", queue=queue) + (f"?{query}" if query else "")
    return _act(request, _wish(request, ("ready",), _filter(request, queue), queue, back))


@action()
def failures_action(request: HttpRequest) -> HttpResponse:
    """Change all jobs of a group of failures, in the retry set and in the dead set."""
    data = request.POST
    if data.get("verb") not in GROUP_VERBS or not data.get("job_class"):
        raise Http404(_("There is no such action."))
    group = Filter(job_class=data["job_class"], error_class=data.get("error_class", ""), shape=data.get("shape", ""))
    verb = VERBS[data["verb"]]
    names = tuple(name for name in ("retry", "dead") if name in verb.sets)
    title = f"{group.job_class}: {group.error_class}"
    wish = Wish(verb, names, group, (), is_all=True, title=title, back=address(request, "jobs_failures"))
    demand(request, verb.permission)
    return _act(request, wish)


def _filter(request: HttpRequest, queue: str = "") -> Filter:
    """Return the filter in the address; one that cannot be understood must never mean everything."""
    wanted = FilterForm(request.GET).filter(queue)
    if wanted is None:
        raise Http404(_("The filter cannot be understood."))
    return wanted


def _wish(request: HttpRequest, names: tuple[SetName, ...], jobs: Filter, title: str, back: str) -> Wish:
    data = request.POST
    verb = VERBS.get(data.get("verb", ""))
    if verb is None or not verb.sets.issuperset(names):
        raise Http404(_("There is no such action."))
    demand(request, verb.permission)
    return Wish(verb, names, jobs, tuple(data.getlist("job")), data.get("scope") == "all", title, back)


def _act(request: HttpRequest, wish: Wish) -> HttpResponse:
    if not (wish.is_all or wish.ids):
        messages.warning(request, _("No job is ticked, so nothing was changed."))
        return HttpResponseRedirect(wish.back)
    form = RescheduleForm(request.POST if "at" in request.POST else None) if wish.verb.needs_time else None
    is_open = "confirmed" not in request.POST and (wish.verb.destroys or wish.is_all)
    if is_open or (form and not form.is_valid()):
        return _ask(request, wish, form)
    _do(request, wish, form.cleaned_data["at"] if form else None)
    return HttpResponseRedirect(wish.back)


def _ask(request: HttpRequest, wish: Wish, form: RescheduleForm | None) -> HttpResponse:
    total = (
        sum(inspect.job_set(name, wish.jobs, limit=1).total for name in wish.names) if wish.is_all else len(wish.ids)
    )
    is_exact = not wish.is_all or not any(wish.jobs.needs_payload(name) for name in wish.names)
    shown = Confirmation(wish, total, is_exact, form, _repeated(request.POST), request.get_full_path())
    return render(request, "confirm", wish.verb.label, shown)


def _repeated(data: QueryDict) -> tuple[tuple[str, str], ...]:
    """Return the fields of the first form, to be sent again with the confirmation."""
    left_out = {"csrfmiddlewaretoken", "confirmed", "at"}
    return tuple((key, value) for key, values in data.lists() if key not in left_out for value in map(str, values))


def _do(request: HttpRequest, wish: Wish, at: datetime | None) -> None:
    if wish.is_all:
        sweeps = [wish.verb.sweep(name, wish.jobs, at) for name in wish.names]
        sweep = Sweep(
            sum(each.changed for each in sweeps),
            sum(each.searched for each in sweeps),
            is_finished=all(each.is_finished for each in sweeps),
        )
        _tell(request, wish, sweep.changed)
        if not sweep.is_finished:
            text = _("There was no time for more: %(searched)s jobs were looked through. Do it again to go on.")
            messages.warning(request, text % {"searched": number(sweep.searched)})
        return
    jobs = [job for job in map(inspect.find, wish.ids) if job and job.place in wish.names]
    changed = wish.verb.change(jobs, at)
    _tell(request, wish, changed)
    if changed < len(wish.ids):
        text = _("%(count)s of the ticked jobs were no longer there.")
        messages.warning(request, text % {"count": number(len(wish.ids) - changed)})


def _tell(request: HttpRequest, wish: Wish, changed: int) -> None:
    text = wish.verb.sentence(changed)
    if changed:
        log(request, wish.title, text, is_deletion=wish.verb.name == "delete")
    messages.add_message(request, messages.SUCCESS if changed else messages.INFO, text)
