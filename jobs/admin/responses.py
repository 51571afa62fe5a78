"""Renders our pages into the frame of the admin.

Also those that say what went wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from jobs.admin.access import Can
from jobs.admin.audit import NotRecorded
from jobs.admin.nav import Link, address, tabs
from jobs.errors import StoreCorrupt, StoreUnavailable
from jobs.problem import Problem
from jobs.text import shown


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no page, and what to do about it.

    Where it `may_pass`, the page is asked for again by itself.
    """

    text: str
    advice: str = ""
    may_pass: bool = False


class PrintableResponse(TemplateResponse):
    """A page that may hold names which are not UTF-8 (see `shown`)."""

    @property
    def rendered_content(self) -> str:
        """Return the page as text that can be encoded."""
        return shown(super().rendered_content)


def render(
    request: HttpRequest,
    template: str,
    title: str | Promise,
    page: object,
    *,
    trail: Sequence[Link] = (),
    problems: Sequence[Problem] = (),
) -> TemplateResponse:
    """Return a page of the control room.

    The template is `jobs/admin/<template>.html`. It gets `page`, `can` and the values that the
    frame needs. The trail holds the breadcrumbs between "Jobs" and the title. The problems are what
    could not be read for this page. A page that knows how many jobs the sets have tells the tabs
    in `set_sizes`. Ask Redis before: a page is rendered after the view.
    """
    # `serve` puts the site there.
    site = request.resolver_match.func.admin_site  # type: ignore[union-attr]
    can = Can(request.user)
    context = {
        **site.each_context(request),
        "title": title,
        "page": page,
        "can": can,
        "trail": trail,
        "problems": problems,
        "tabs": tabs(request, getattr(page, "set_sizes", {})) if can.view else [],
        "home": Link(_("Jobs"), address(request, "jobs_overview")),
        "find_url": address(request, "jobs_find"),
    }
    return PrintableResponse(request, f"jobs/admin/{template}.html", context)


def unavailable(request: HttpRequest, error: StoreUnavailable) -> TemplateResponse:
    """Return the page that is shown while Redis is away.

    It says what is known, and that is little: an answer to a change may have been lost.
    """
    is_change = request.method == "POST"
    text = _(
        "Nothing can be shown as long as this lasts. "
        "How the jobs are doing cannot be seen from here."
    )
    if is_change:
        text = _("The change may have been made, or a part of it. Look before you make it again.")
    trouble = Trouble(text, str(error), may_pass=not is_change)
    return _trouble(request, 503, _("Redis cannot be used"), trouble)


def corrupt(request: HttpRequest, error: StoreCorrupt) -> TemplateResponse:
    """Return the page for an action that Redis refused."""
    text = _(
        "A key in Redis is not what it should be, or we may not change it. So this was not done."
    )
    return _trouble(request, 409, _("Redis refuses this"), Trouble(text, str(error)))


def unrecorded(request: HttpRequest, error: NotRecorded) -> TemplateResponse:
    """Return the page for an action that could not be logged."""
    text = _(
        "Every change is written into the admin log first, and that was not possible. "
        "Try again when the database answers."
    )
    return _trouble(request, 503, _("Nothing was changed"), Trouble(text, str(error)))


def forbidden(request: HttpRequest) -> TemplateResponse:
    """Return the page for those who may not do what they asked for."""
    text = _(
        "Your account lacks the permission for it. "
        "Somebody who administers users can give it to you."
    )
    return _trouble(request, 403, _("You may not do this"), Trouble(text))


def not_found(request: HttpRequest, error: Http404) -> TemplateResponse:
    """Return the page for an address under which nothing is (any more)."""
    advice = _("It may have been there: jobs leave once they are done.")
    return _trouble(request, 404, _("There is nothing here"), Trouble(str(error), advice))


def _trouble(request: HttpRequest, status: int, title: str, trouble: Trouble) -> TemplateResponse:
    response = render(request, "trouble", title, trouble)
    response.status_code = status
    return response
