"""The pages for people: what each service remembers, and its switches.

They are never affected by the misbehavior themselves.
"""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fake_services.forms import behavior_form
from fake_services.reset import reset_all
from fake_services.service import Service
from fake_services.services import SERVICES

#: A page shows this many records, and at most so many where its address asks for more.
ROWS_PER_PAGE, MOST_ROWS = 25, 200


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the services with links to their pages."""
    cards = [
        {
            "service": service,
            "count": service.record.everything().count(),
            "faults": service.behavior().describe(),
        }
        for service in SERVICES
    ]
    return render(
        request, "fake_services/index.html", {"cards": cards, "can_reset": settings.DEBUG}
    )


@require_safe
def records(request: HttpRequest, service: Service) -> HttpResponse:
    """List what a service remembers, newest first.

    `?page=` names a page, `?rows=` how long it is.
    """
    newest = service.record.everything().order_by("-pk")
    page = Paginator(newest, _rows_per_page(request)).get_page(request.GET.get("page"))
    context = {
        "service": service,
        "page": page,
        "rows": [record.cells() for record in page],
        "count": page.paginator.count,
        "faults": service.behavior().describe(),
    }
    return render(request, "fake_services/records.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_behavior(request: HttpRequest, service: str) -> HttpResponse:
    """Switch the behavior of a service, then return to the shop.

    If there is no shop, return to the service's own page.
    """
    edited = _service_named(service)
    form = behavior_form(edited, request.POST or None)
    if not form.is_valid():
        return render(request, "fake_services/behavior.html", {"service": edited, "form": form})
    edited.behave(form.cleaned_data)
    if not edited.shop_name:
        return redirect(f"fake_services:{edited.slug}:ui")
    return redirect(
        "/?" + urlencode({"updated_service": edited.shop_name, "open": edited.shop_name})
    )


@require_POST
def reset(request: HttpRequest) -> HttpResponse:
    """Put every service back to its first day."""
    reset_all()
    messages.success(request, "The fake services behave again and have forgotten everything.")
    return redirect("fake_services:index")


def _rows_per_page(request: HttpRequest) -> int:
    wanted = request.GET.get("rows", "")
    if not (wanted.isascii() and wanted.isdecimal()):
        return ROWS_PER_PAGE
    return min(max(1, int(wanted[:4])), MOST_ROWS)


def _service_named(slug: str) -> Service:
    for service in SERVICES:
        if service.slug == slug:
            return service
    raise Http404(f"There is no fake service named {slug}.")
