"""Changes to jobs of a set: the ticked ones, or all that match.

The filter that they must match is in the address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import action, demand, demand_queue, reader_for
from jobs.admin.actions.mutes import MUTE_VERBS, mute_group
from jobs.admin.audit import Deed, recorded
from jobs.admin.facts import filter_fact, job_facts, new_time_fact, set_fact, touched_by
from jobs.admin.filters import demand_words, filter_form
from jobs.admin.forms import FilterForm, RescheduleForm
from jobs.admin.nav import address
from jobs.admin.pages.failures import GROUP_VERBS
from jobs.admin.pages.job_set import PAGE_SIZE, TITLES, query_of
from jobs.admin.responses import render
from jobs.admin.verbs import VERBS, Verb, told_of_barred
from jobs.inspect import Filter, JobRecord
from jobs.store.reader import SetName
from jobs.store.sight import WORDLESS
from jobs.templatetags.jobs_format import number

#: Most jobs that a confirmation names.
MOST_NAMED = 5
#: How many jobs there are, whether these are all, and the first of them.
Found = tuple[int, bool, Sequence[JobRecord]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for: a verb, the sets, and which jobs.

    These are the ticked jobs, or all that match the filter in `jobs`. `back` is the page to go to
    afterwards.
    """

    verb: Verb
    names: tuple[SetName, ...]
    jobs: Filter
    ids: tuple[str, ...]
    is_all: bool
    title: str
    back: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The page that asks whether it is really meant, or for a time.

    `count` jobs would be changed, or more where that is not exact. All but `first` are `left`.
    """

    wish: Wish
    count: int
    is_exact: bool
    first: tuple[JobRecord, ...]
    left: int
    form: RescheduleForm | None
    fields: tuple[tuple[str, str], ...]
    url: str


@action(page="jobs_set", named_by="name")
def set_action(request: HttpRequest, name: SetName) -> HttpResponse:
    """Change jobs of a set, in all queues or in one.

    The filter may name the queue.
    """
    back = _with_filter(request, address(request, "jobs_set", name=name))
    return _act(request, _wish(request, (name,), _filter(request), str(TITLES[name]), back))


@action(page="jobs_queue", named_by="queue")
def ready_action(request: HttpRequest, queue: str) -> HttpResponse:
    """Change ready jobs of one queue."""
    demand_queue(request, queue)
    back = _with_filter(request, address(request, "jobs_queue", queue=queue))
    return _act(request, _wish(request, ("ready",), _filter(request, queue), queue, back))


@action(page="jobs_failures")
def failures_action(request: HttpRequest) -> HttpResponse:
    """Change all jobs of a group of failures, or mute it.

    They are in retry and in dead.
    """
    data = request.POST
    if data.get("verb") not in (*GROUP_VERBS, *MUTE_VERBS) or not data.get("job_class"):
        raise Http404(_("There is no such action."))
    demand_words(request, data)
    fields = {name: data.get(name, "") for name in ("job_class", "error_class", "shape")}
    group = FilterForm(fields).filter()
    if group is None:
        raise Http404(_("The filter cannot be understood."))
    if data["verb"] in MUTE_VERBS:
        return mute_group(request, data["verb"], group)
    verb = VERBS[data["verb"]]
    wish = Wish(
        verb=verb,
        names=tuple(name for name in ("retry", "dead") if name in verb.sets),
        jobs=group,
        ids=(),
        is_all=True,
        title=f"{group.job_class}: {group.error_class}",
        back=address(request, "jobs_failures"),
    )
    demand(request, verb.permission)
    return _act(request, wish)


def _with_filter(request: HttpRequest, url: str) -> str:
    query = query_of(request)
    return f"{url}?{query}" if query else url


def _filter(request: HttpRequest, queue: str = "") -> Filter:
    """Return the filter in the address, or raise Http404.

    A filter that cannot be understood must never mean everything.
    """
    wanted = filter_form(request).filter(queue)
    if wanted is None:
        raise Http404(_("The filter cannot be understood."))
    return wanted


def _wish(
    request: HttpRequest, names: tuple[SetName, ...], jobs: Filter, title: str, back: str
) -> Wish:
    data = request.POST
    verb = VERBS.get(data.get("verb", ""))
    if verb is None or not verb.sets.issuperset(names):
        raise Http404(_("There is no such action."))
    demand(request, verb.permission)
    return Wish(
        verb=verb,
        names=names,
        jobs=jobs,
        ids=tuple(dict.fromkeys(data.getlist("job"))),  # named twice, it is still one job
        is_all=data.get("scope") == "all",
        title=title,
        back=back,
    )


def _act(request: HttpRequest, wish: Wish) -> HttpResponse:
    if not wish.is_all and (complaint := _complaint(wish.ids)):
        messages.warning(request, complaint)
        return HttpResponseRedirect(wish.back)
    form = _time_form(request) if wish.verb.needs_time else None
    needs_confirmation = wish.verb.destroys or wish.is_all
    is_confirmed = "confirmed" in request.POST or not needs_confirmation
    if not is_confirmed or (form and not form.is_valid()):
        return _ask(request, wish, form)
    at = form.cleaned_data["at"] if form else None
    if wish.is_all:
        _change_all(request, wish, at)
    else:
        _change_ticked(request, wish, at)
    return HttpResponseRedirect(wish.back)


def _complaint(ids: Sequence[str]) -> str:
    """Return what is wrong with the ticked jobs, or nothing."""
    if not ids:
        return _("No job is ticked, so nothing was changed.")
    if len(ids) <= PAGE_SIZE:
        return ""
    text = _("%(count)s jobs are ticked, more than the %(most)s of a page. Tick fewer.")
    return text % {"count": number(len(ids)), "most": PAGE_SIZE}


def _time_form(request: HttpRequest) -> RescheduleForm:
    """Return the form for the time.

    It says what is wrong only after a time was sent.
    """
    was_sent = "at" in request.POST
    return RescheduleForm(request.POST if was_sent else None)


def _ask(request: HttpRequest, wish: Wish, form: RescheduleForm | None) -> HttpResponse:
    found = _found_all(request, wish) if wish.is_all else _found_ticked(request, wish)
    count, is_exact, first = found
    shown = Confirmation(
        wish=wish,
        count=count,
        is_exact=is_exact,
        first=tuple(first[:MOST_NAMED]),
        left=count - min(len(first), MOST_NAMED),
        form=form,
        fields=_repeated(request.POST),
        url=request.get_full_path(),
    )
    return render(request, "confirm", wish.verb.label, shown)


def _found_all(request: HttpRequest, wish: Wish) -> Found:
    """Return how many jobs match, whether that is all, and the first of them."""
    reader = reader_for(request)
    pages = [inspect.job_set(name, wish.jobs, reader=reader) for name in wish.names]
    first = [job for page in pages for job in page.jobs]
    if not any(map(wish.jobs.needs_payload, wish.names)):
        return sum(page.total for page in pages), True, first
    return len(first), not any(page.next for page in pages), first


def _found_ticked(request: HttpRequest, wish: Wish) -> Found:
    reader = reader_for(request)
    found = (inspect.find(job_id, reader) for job_id in wish.ids[:MOST_NAMED])
    return len(wish.ids), True, [job for job in found if job]


def _repeated(data: QueryDict) -> tuple[tuple[str, str], ...]:
    """Return the fields of the first form, to be sent again with the confirmation."""
    left_out = {"csrfmiddlewaretoken", "confirmed", "at"}
    fields = []
    for key, values in data.lists():
        if key not in left_out:
            fields += [(key, str(value)) for value in values]
    return tuple(fields)


def _change_all(request: HttpRequest, wish: Wish, at: datetime | None) -> None:
    reader = reader_for(request)
    facts = (set_fact(wish.names), filter_fact(wish.jobs), *new_time_fact(at))
    with recorded(request, _deed(wish, wish.title, facts)) as trail:
        sweeps = []
        for name in wish.names:
            sweep = wish.verb.sweep(name, wish.jobs, at, reader)
            trail.tell(wish.verb.sentence(sweep.changed), *job_facts(sweep.touched))
            if sweep.barred:
                trail.tell(told_of_barred(sweep.barred))
            sweeps.append(sweep)
        has_time = all(sweep.is_finished for sweep in sweeps)
        if not has_time:
            searched = sum(sweep.searched for sweep in sweeps)
            text = _(
                "There was no time for more: %(searched)s jobs were looked through. "
                "Do it again to go on."
            ) % {"searched": number(searched)}
            trail.tell(text)
    _tell(request, wish, sum(sweep.changed for sweep in sweeps))
    if barred := sum(sweep.barred for sweep in sweeps):
        messages.warning(request, told_of_barred(barred))
    if not has_time:
        messages.warning(request, text)


def _change_ticked(request: HttpRequest, wish: Wish, at: datetime | None) -> None:
    reader = reader_for(request)
    found = (inspect.find(job_id, reader) for job_id in wish.ids)
    # The log and the change need no arguments, which may be large.
    jobs = [job.seen_with(WORDLESS) for job in found if job and job.place in wish.names]
    changed, barred = _change(request, wish, jobs, at) if jobs else (0, 0)
    _tell(request, wish, changed)
    if barred:
        messages.warning(request, told_of_barred(barred))
    missing = len(wish.ids) - changed - barred
    if missing > 0:
        text = _("%(count)s of the ticked jobs were no longer there.")
        messages.warning(request, text % {"count": number(missing)})


def _change(
    request: HttpRequest, wish: Wish, jobs: Sequence[JobRecord], at: datetime | None
) -> tuple[int, int]:
    """Change some jobs, and return how many.

    Second, how many stay as others hold their unique keys. The log names the queue that each is
    really in.
    """
    touched = touched_by(jobs)
    queues = ", ".join(sorted(touched.by_queue))
    name = f"{TITLES[wish.names[0]]}: {queues}"
    facts = (set_fact(wish.names), *new_time_fact(at), *job_facts(touched))
    with recorded(request, _deed(wish, name, facts)) as trail:
        barred: list[str] = []
        changed = wish.verb.change(jobs, at, barred)
        trail.tell(wish.verb.sentence(changed))
        if barred:
            trail.tell(told_of_barred(len(barred)))
    return changed, len(barred)


def _deed(wish: Wish, name: str, facts: tuple[str, ...]) -> Deed:
    return Deed(name, wish.verb.label, facts, is_deletion=wish.verb.name == "delete")


def _tell(request: HttpRequest, wish: Wish, changed: int) -> None:
    level = messages.SUCCESS if changed else messages.INFO
    messages.add_message(request, level, wish.verb.sentence(changed))
