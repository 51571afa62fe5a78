"""The tabs of the control room, and the way back to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jobs.outbox import outbox
from jobs.store.reader import SetName

#: A page number of more digits is none.
_MOST_DIGITS = 9
#: The page of the outbox. It has a tab where there is an outbox.
OUTBOX = "jobs_outbox"
#: Title, name of the address, and what the address needs. Who adds a page adds its tab here.
_TABS: tuple[tuple[Promise, str, dict[str, str]], ...] = (
    (_("Overview"), "jobs_overview", {}),
    (_("Queues"), "jobs_queues", {}),
    (_("Running"), "jobs_running", {}),
    (_("Workers"), "jobs_workers", {}),
    (_("Scheduled"), "jobs_set", {"name": "scheduled"}),
    (_("Retries"), "jobs_set", {"name": "retry"}),
    (_("Dead"), "jobs_set", {"name": "dead"}),
    (_("Done"), "jobs_set", {"name": "done"}),
    (_("Schedules"), "jobs_schedules", {}),
    (_("Failures"), "jobs_failures", {}),
    (_("Unique"), "jobs_unique", {}),
    (_("Outbox"), OUTBOX, {}),
    (_("Metrics"), "jobs_metrics", {}),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go to: a tab or a breadcrumb.

    A tab of a set may have a count of its jobs.
    """

    title: str | Promise
    url: str
    is_current: bool = False
    count: int = 0


def tabs(request: HttpRequest, counts: Mapping[SetName, int]) -> list[Link]:
    """Return the tabs whose pages exist.

    A tab is current on its page and on all pages below it; the overview only on its own page, since
    all pages are below it.
    """
    found = [
        (title, address(request, name, **kwargs), kwargs.get("name", ""))
        for title, name, kwargs in _TABS
        if name != OUTBOX or outbox.is_used
    ]
    home = found[0][1]
    numbers = {str(name): count for name, count in counts.items()}

    def is_current(url: str) -> bool:
        is_above = url != home and request.path.startswith(url)
        return request.path == url or is_above

    return [
        Link(title, url, is_current(url), numbers.get(set_name, 0))
        for title, url, set_name in found
        if url
    ]


def address(request: HttpRequest, name: str, /, **kwargs: str) -> str:
    """Return the address of a page in the same admin site.

    It is empty if there is no such page. What has a name that is not UTF-8 has no page either.
    """
    current_app = getattr(request, "current_app", None)
    try:
        return reverse(f"admin:{name}", kwargs=kwargs, current_app=current_app)
    except (NoReverseMatch, UnicodeEncodeError):
        return ""


def address_of_alike(
    request: HttpRequest, name: str, job_class: str, error_class: str, shape: str
) -> str:
    """Return the address of the jobs of a set that failed alike."""
    wanted = {"job_class": job_class, "error_class": error_class, "shape": shape}
    query = urlencode({field: value for field, value in wanted.items() if value})
    return f"{address(request, 'jobs_set', name=name)}?{query}"


def asked_page(request: HttpRequest) -> int:
    """Return the page number that is asked for, else 1."""
    asked = request.GET.get("page", "")
    return int(asked) if asked.isdecimal() and len(asked) <= _MOST_DIGITS else 1
