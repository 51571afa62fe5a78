"""Who may filter by what."""

from typing import Any

from django.http import HttpRequest

from jobs.admin.access import VIEW_ARGUMENTS, Can, demand
from jobs.admin.forms import FilterForm
from jobs.admin.query import QueryError, read_query

#: Fields that look into arguments or into the words of errors, which may quote them. By counting
#: hits somebody could guess what they do not show.
WORDS = ("text", "error", "shape")


def filter_form(request: HttpRequest) -> FilterForm:
    """Return the form filled from the address.

    Users who may not see arguments get no field that searches them. Raise PermissionDenied if the
    address does: leaving a part of a filter out would show, or change, more jobs than asked for.
    """
    form = FilterForm(request.GET)
    if not Can(request.user).view_arguments:
        demand_words(request, request.GET)
        for name in WORDS:
            del form.fields[name]
    return form


def demand_words(request: HttpRequest, data: Any) -> None:
    """Raise PermissionDenied for a filter by words from one who may not see arguments."""
    asked = _asked(str(data.get("q") or ""))
    if any(data.get(name) or asked.get(name) for name in WORDS):
        demand(request, VIEW_ARGUMENTS)


def _asked(query: str) -> dict[str, str]:
    """Return what the search field asks for, nothing if it cannot be understood.

    Then nothing is shown, and nothing is changed.
    """
    try:
        return read_query(query)
    except QueryError:
        return {}
