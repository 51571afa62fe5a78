"""One search over everything: what runs, and every set."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import inspect
from jobs.admin.access import Can, page, reader_for
from jobs.admin.filters import filter_form
from jobs.admin.forms import FilterForm
from jobs.admin.nav import address
from jobs.admin.pages.job import found_or_404
from jobs.admin.pages.job_set import TIME_TITLES, TITLES, Row, query_of, row_of, suggestions
from jobs.admin.responses import render
from jobs.inspect import Hits

#: Jobs that are shown of each place.
MOST_SHOWN = 10
#: What an id looks like that nobody chose.
_ID = re.compile(r"[0-9a-f]{32}")
RUNNING = gettext_lazy("Running")
RUNNING_SINCE = gettext_lazy("Running since")


@dataclass(frozen=True, slots=True)
class Place:
    """What was found in one place.

    The address is that of the page with all of it, where there is one. `queue` and `has_errors` are
    what the rows of a set are drawn by: no column of the queue is left out.
    """

    title: str | Promise
    time_title: str | Promise
    rows: tuple[Row, ...]
    hits: Hits
    url: str
    has_errors: bool
    queue: None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The whole page. `was_asked` is false while nothing is searched for."""

    form: FilterForm
    suggestions: list[str]
    places: tuple[Place, ...]
    was_asked: bool
    clear_url: str = ""
    has_errors: bool = True
    queue: None = None


@page
def find(request: HttpRequest) -> HttpResponse:
    """Go to the job whose id was entered, or search for the words."""
    text = request.GET.get("id", "").strip()
    job_id = text.lower()
    reader = reader_for(request)
    job = inspect.find(job_id, reader) if text else None
    if job is None and text and not _ID.fullmatch(job_id) and _may_search(request, text):
        query = urlencode({"q": text})
        return HttpResponseRedirect(f"{address(request, 'jobs_search')}?{query}")
    if job is None:  # it may lie in the outbox, which the answer then says
        job = found_or_404(request, job_id, reader)
    return HttpResponseRedirect(_job_url(request, job.id))


def _job_url(request: HttpRequest, job_id: str) -> str:
    """Return the address of a job.

    One whose id has a slash has no page. It is shown among what was found.
    """
    search_url = f"{address(request, 'jobs_search')}?{urlencode({'job_id': job_id})}"
    return address(request, "jobs_job", job_id=job_id) or search_url


def _may_search(request: HttpRequest, text: str) -> bool:
    """Return whether a text is a search that the user may make.

    Plain words are words of the arguments.
    """
    return Can(request.user).view_arguments or ":" in text


@page
def search(request: HttpRequest) -> HttpResponse:
    """Show the first jobs that match in each place."""
    reader = reader_for(request)
    form = filter_form(request)
    wanted = form.filter()
    found: tuple[Hits, ...] | None = None
    if wanted is not None and not wanted.is_empty:
        found = inspect.search(wanted, limit=MOST_SHOWN, reader=reader)
    shown = SearchPage(
        form=form,
        suggestions=suggestions(reader, inspect.queue_names(reader)),
        places=tuple(_place(request, hits) for hits in found or ()),
        was_asked=found is not None,
    )
    return render(request, "search", _("Search"), shown, problems=reader.problems)


def _place(request: HttpRequest, hits: Hits) -> Place:
    rows = tuple(row_of(request, job) for job in hits.jobs)
    if hits.place == "running":
        return Place(RUNNING, RUNNING_SINCE, rows, hits, "", has_errors=False)
    return Place(
        title=TITLES[hits.place],
        time_title=TIME_TITLES[hits.place],
        rows=rows,
        hits=hits,
        url=_url(request, hits),
        has_errors=hits.place in {"retry", "dead"},
    )


def _url(request: HttpRequest, hits: Hits) -> str:
    """Return the address of the set with the same search.

    Ready jobs have no page over all queues.
    """
    if hits.place == "ready":
        return ""
    return f"{address(request, 'jobs_set', name=hits.place)}?{query_of(request)}"
