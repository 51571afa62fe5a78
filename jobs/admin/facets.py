"""The facets beside a list: links that narrow it down.

Each says how many jobs it shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jobs.admin.forms import FilterForm
from jobs.inspect import Facets
from jobs.text import shown

#: The title of a facet, where its counts are, and the field of the filter that it fills.
_FACETS: tuple[tuple[Promise, str, str], ...] = (
    (_("Job class"), "classes", "job_class"),
    (_("Queue"), "queues", "queue"),
    (_("Error"), "errors", "error_class"),
)


@dataclass(frozen=True, slots=True)
class FacetLink:
    """A value with its count.

    `url` narrows the list to it, or widens the list where it is chosen.
    """

    value: str
    count: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow a list down."""

    title: str | Promise
    links: tuple[FacetLink, ...]


def facet_links(form: FilterForm, found: Facets, *, has_queue: bool) -> tuple[Facet, ...]:
    """Return the facets that part the list, as links.

    They keep the rest of the filter. On the page of a queue there is no facet for queues.
    """
    if not form.is_valid():
        return ()
    fields = _fields(form)
    made = [
        Facet(title, tuple(_links(fields, name, getattr(found, counts))))
        for title, counts, name in _FACETS
        if not (has_queue and name == "queue")
    ]
    return tuple(facet for facet in made if len(facet.links) > 1 or _is_chosen(facet))


def _is_chosen(facet: Facet) -> bool:
    return any(link.is_chosen for link in facet.links)


def _fields(form: FilterForm) -> dict[str, str]:
    """Return what is asked for, as the parts of an address.

    Times stay as they were entered.
    """
    times = {name: form[name].value() for name in ("since", "until")}
    entered = {**form.cleaned_data, **times}
    return {name: value for name, value in entered.items() if value}


def _links(
    fields: dict[str, str], name: str, counts: tuple[tuple[str, int], ...]
) -> Iterator[FacetLink]:
    others = {key: value for key, value in fields.items() if key != name}
    if name == "error_class":
        others.pop("shape", None)
    for value, count in counts:
        if shown(value) != value:
            continue  # no address can ask for a name that is not UTF-8
        is_chosen = fields.get(name) == value
        query = urlencode(others if is_chosen else {**others, name: value})
        yield FacetLink(value, count, f"?{query}", is_chosen)
