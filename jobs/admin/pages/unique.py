"""The places of unique jobs: who holds which key."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.access import page, reader_for
from jobs.admin.forms import UniqueForm
from jobs.admin.nav import address
from jobs.admin.pages.job import PLACES
from jobs.admin.responses import render
from jobs.inspect import UniquePlace, UniquePlaces


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place, with where its job is and its address.

    The address is empty if there is no such job any more.
    """

    place: UniquePlace
    where: object
    url: str


@dataclass(frozen=True, slots=True)
class UniquePage:
    """Some of the places, and the form that searches them."""

    rows: tuple[PlaceRow, ...]
    found: UniquePlaces
    form: UniqueForm
    clear_url: str


@page
def unique(request: HttpRequest) -> HttpResponse:
    """Show who holds which unique key, up to 100 of them."""
    form = UniqueForm(request.GET)
    reader = reader_for(request)
    job_class, queue = form.wanted()
    found = inspect.unique_places(job_class, queue, reader=reader)
    shown = UniquePage(
        rows=tuple(_row(request, place) for place in found.places),
        found=found,
        form=form,
        clear_url=address(request, "jobs_unique") if job_class or queue else "",
    )
    return render(request, "unique", _("Unique"), shown, problems=found.problems)


def _row(request: HttpRequest, place: UniquePlace) -> PlaceRow:
    where = PLACES[place.job.place] if place.job else _("Ended, and its window is open")
    url = address(request, "jobs_job", job_id=place.holder) if place.job else ""
    return PlaceRow(place, where, url)
