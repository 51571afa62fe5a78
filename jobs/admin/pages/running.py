"""The jobs that run now: what each works on, and for how long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import inspect
from jobs.admin.access import page, reader_for
from jobs.admin.nav import Link, address, asked_page
from jobs.admin.responses import render
from jobs.inspect import ORDERS, AtWork, JobAtWork

#: The longest text that is searched for.
MOST_CHARACTERS = 200
TITLES: Mapping[str, Promise] = {
    "longest": gettext_lazy("Longest first"),
    "unusual": gettext_lazy("Most unusual first"),
    "class": gettext_lazy("By class"),
    "queue": gettext_lazy("By queue"),
    "worker": gettext_lazy("By worker"),
}


@dataclass(frozen=True, slots=True)
class RunningRow:
    """A job that runs, with the addresses of its page and of its cancelling."""

    job: JobAtWork
    url: str
    cancel_url: str
    worker_url: str

    @property
    def bar_width(self) -> int:
        """How long it has run, in percent of its usual time.

        That is what 95 % of the runs of its class take at most.
        """
        return min(100, round(100 * self.job.part_of_usual))


@dataclass(frozen=True, slots=True)
class RunningPage:
    """A page of the jobs that run.

    With it come the ways to sort, search and turn it.
    """

    rows: tuple[RunningRow, ...]
    found: AtWork
    words: str
    order: str
    orders: tuple[Link, ...]
    clear_url: str
    next_url: str
    previous_url: str


@page
def running(request: HttpRequest) -> HttpResponse:
    """List the jobs that run, 50 on a page."""
    reader = reader_for(request)
    words = request.GET.get("q", "").strip()[:MOST_CHARACTERS]
    order = request.GET.get("order", "")
    order = order if order in ORDERS else "longest"
    found = inspect.at_work(words, order, page=asked_page(request), reader=reader)

    def to(**changes: str | int) -> str:
        wanted = {"q": words, "order": order, **changes}
        return f"?{urlencode({name: value for name, value in wanted.items() if value})}"

    shown = RunningPage(
        rows=running_rows(request, found.jobs),
        found=found,
        words=words,
        order=order,
        orders=tuple(Link(TITLES[each], to(order=each), each == order) for each in ORDERS),
        clear_url=to(q="") if words else "",
        next_url=to(page=found.page + 1) if found.page < found.pages else "",
        previous_url=to(page=found.page - 1) if found.page > 1 else "",
    )
    return render(request, "running", _("Running"), shown, problems=reader.problems)


def running_rows(request: HttpRequest, jobs: Iterable[JobAtWork]) -> tuple[RunningRow, ...]:
    """Return jobs with the addresses that belong to them."""
    return tuple(_row(request, job) for job in jobs)


def _row(request: HttpRequest, job: JobAtWork) -> RunningRow:
    job_id = job.running.job_id
    return RunningRow(
        job=job,
        url=address(request, "jobs_job", job_id=job_id),
        cancel_url=address(request, "jobs_job_action", job_id=job_id, verb="cancel"),
        worker_url=worker_address(request, job.worker.name),
    )


def worker_address(request: HttpRequest, name: str) -> str:
    """Return the address of the jobs that a worker runs."""
    return f"{address(request, 'jobs_running')}?{urlencode({'q': name}, errors='replace')}"
