"""One page for the jobs of a set.

The sets scheduled, retry, dead and done are shown over all queues, ready for one queue.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import quote, urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jobs import inspect
from jobs.admin.access import Can, page, reader_for
from jobs.admin.facets import Facet, facet_links
from jobs.admin.filters import filter_form
from jobs.admin.forms import FilterForm
from jobs.admin.nav import Link, address
from jobs.admin.queue_sight import QueueSight, queue_sight
from jobs.admin.responses import render
from jobs.admin.verbs import Verb, verbs_for
from jobs.inspect import Facets, JobPage, JobRecord, Queue
from jobs.inspect.attempts import Attempts, attempts_of
from jobs.registry import registry
from jobs.store.reader import Reader, SetName

#: Jobs on one page.
PAGE_SIZE = 50
#: Most names of queues that the filter suggests.
MOST_SUGGESTED = 500
TITLES: dict[SetName, Promise] = {
    "ready": _("Ready"),
    "scheduled": _("Scheduled"),
    "retry": _("Retries"),
    "dead": _("Dead"),
    "done": _("Done"),
}
TIME_TITLES: dict[SetName, Promise] = {
    "ready": _("Ready since"),
    "scheduled": _("Due"),
    "retry": _("Next attempt"),
    "dead": _("Died"),
    "done": _("Finished"),
}
EMPTY: dict[SetName, Promise] = {
    "ready": _("No job is ready in this queue."),
    "scheduled": _("No job is scheduled."),
    "retry": _("No job waits for a retry: nothing has failed, or it has healed."),
    "dead": _("No job is dead."),
    "done": _("No result is kept. Jobs with the option keep_result_for stay here for a while."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A job with its address and its attempts.

    `at` is the time that its set is about.
    """

    job: JobRecord
    url: str
    at: datetime | None
    attempts: Attempts


@dataclass(frozen=True, slots=True)
class JobSetPage:
    """The whole page.

    `queue` is given only on the page of a queue, and so is its `sight`. `set_sizes` is given only
    on the others. `query` is the filter as part of an address.
    """

    name: SetName
    rows: tuple[Row, ...]
    found: JobPage
    form: FilterForm
    verbs: list[Verb]
    act_url: str
    query: str
    clear_url: str
    next_url: str
    previous_url: str
    time_title: str | Promise
    empty: str | Promise
    suggestions: list[str]
    counted: Facets
    facets: tuple[Facet, ...]
    has_errors: bool
    set_sizes: dict[SetName, int]
    queue: Queue | None = None
    sight: QueueSight | None = None
    queue_urls: dict[str, str] | None = None


@page
def job_set(request: HttpRequest, name: SetName) -> HttpResponse:
    """List the jobs of one set."""
    shown = build(request, name, address(request, "jobs_set_action", name=name))
    return render(request, "job_set", TITLES[name], shown, problems=shown.found.problems)


@page
def queue(request: HttpRequest, queue: str) -> HttpResponse:
    """Show one queue and its ready jobs."""
    reader = reader_for(request)
    if queue not in inspect.queue_names(reader):
        raise Http404(_("There is no queue %(queue)s.") % {"queue": queue})
    [numbers] = inspect.queues(reader, [queue])
    shown = build(request, "ready", address(request, "jobs_ready_action", queue=queue), numbers)
    trail = [Link(_("Queues"), address(request, "jobs_queues"))]
    problems = dict.fromkeys((*reader.problems, *shown.found.problems))
    return render(request, "job_set", queue, shown, trail=trail, problems=tuple(problems))


def build(
    request: HttpRequest, name: SetName, act_url: str, queue: Queue | None = None
) -> JobSetPage:
    """Return the page object of a set, or of one queue."""
    reader = reader_for(request)
    form = filter_form(request)
    queue_name = queue.name if queue else ""
    wanted = form.filter(queue_name)
    found = _search(request, name, wanted, reader)
    counted = inspect.facets(name, wanted or inspect.Filter(queue=queue_name), reader)
    query = query_of(request)
    names = [] if queue else inspect.queue_names(reader)
    return JobSetPage(
        name=name,
        rows=tuple(row_of(request, job) for job in found.jobs),
        found=found,
        form=form,
        verbs=verbs_for(name, Can(request.user)),
        act_url=f"{act_url}?{query}",
        query=query,
        clear_url=request.path if query else "",
        next_url=_page_url(query, found.next),
        previous_url=_page_url(query, found.previous),
        time_title=TIME_TITLES[name],
        empty=_("No job matches.") if query else EMPTY[name],
        suggestions=suggestions(reader, names),
        counted=counted,
        facets=facet_links(form, counted, has_queue=queue is not None),
        has_errors=name in {"retry", "dead"},
        set_sizes=inspect.set_sizes(reader, names),
        queue=queue,
        sight=queue_sight(request, queue, reader) if queue else None,
        queue_urls=_queue_urls(request, queue),
    )


def suggestions(reader: Reader, queues: list[str]) -> list[str]:
    """Return the beginnings of a search, as far as the user may search so."""
    classes = [each for each in registry.names() if inspect.sees_class(each, reader)]
    terms = {"class": classes, "queue": queues[:MOST_SUGGESTED]}
    found = [f"{name}:{value}" for name, values in terms.items() for value in values]
    return [term for term in found if not any(map(str.isspace, term))]


def query_of(request: HttpRequest) -> str:
    """Return the filter of a request as part of an address.

    Fields that are empty are left out.
    """
    filled = [(key, value) for key, value in request.GET.items() if value]
    return urlencode([(key, value) for key, value in filled if key in FilterForm.base_fields])


def _search(
    request: HttpRequest, name: SetName, wanted: inspect.Filter | None, reader: Reader
) -> JobPage:
    if wanted is None:
        return JobPage((), 0, 0, is_bounded=False, next="", previous="")
    search = partial(inspect.job_set, name, wanted, limit=PAGE_SIZE, reader=reader)
    try:
        return search(cursor=request.GET.get("page", ""))
    except ValueError:  # a cursor that somebody shortened
        return search()


def row_of(request: HttpRequest, job: JobRecord) -> Row:
    """Return the row of a job in a table."""
    at = job.finished_at if job.place == "done" else job.at
    return Row(job, address(request, "jobs_job", job_id=job.id), at, attempts_of(job))


def _page_url(query: str, cursor: str) -> str:
    if not cursor:
        return ""
    separator = "&" if query else ""
    return f"?{query}{separator}page={quote(cursor, safe=':')}"


def _queue_urls(request: HttpRequest, queue: Queue | None) -> dict[str, str] | None:
    if queue is None:
        return None
    verbs = ("pause", "resume", "clear")
    return {
        verb: address(request, "jobs_queue_action", queue=queue.name, verb=verb) for verb in verbs
    }
