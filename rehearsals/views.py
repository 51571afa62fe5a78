"""The page of the rehearsals.

It shows every drill with its proof, and posts what its buttons ask for.

Every button is refused unless DEBUG: a rehearsal breaks things on purpose.
"""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from jobs import StoreUnavailable
from orders.services.http import ServiceError
from rehearsals.drill import Button, Drill
from rehearsals.drills import DRILLS
from rehearsals.evidence import Evidence
from rehearsals.practice_orders import ShopIsEmpty
from rehearsals.runs import forget_run, keep_run, kept_run


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """Show every drill. `?open=` names the one that is unfolded."""
    return render(request, "rehearsals/index.html", _context(request, request.GET.get("open", "")))


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """Show the part of the page that changes by itself, for its script."""
    return render(request, "rehearsals/_drills.html", _context(request))


@require_POST
def press(request: HttpRequest, drill: str, button: str) -> HttpResponse:
    """Set a drill up, and show it.

    Pressed twice in a row, it was meant once.
    """
    _refuse_outside_development()
    chosen = _drill_named(drill)
    pressed = _button_named(chosen, button)
    last = kept_run(request, chosen)
    if last is None or not last.is_fresh:
        try:
            keep_run(request, chosen, pressed.act())
        except (ServiceError, StoreUnavailable, ShopIsEmpty) as error:
            return _complain(request, chosen, error)
    return _back_to(chosen)


@require_POST
def put_back(request: HttpRequest, drill: str) -> HttpResponse:
    """Switch back what a drill has switched, and forget its last run."""
    _refuse_outside_development()
    chosen = _drill_named(drill)
    try:
        chosen.put_back()
    except ServiceError as error:
        return _complain(request, chosen, error)
    forget_run(request, chosen)
    messages.success(request, f"{chosen.title}: everything is as before.")
    return _back_to(chosen)


def _context(
    request: HttpRequest, open_slug: str = "", evidence: Evidence | None = None
) -> dict[str, Any]:
    evidence = evidence or Evidence()
    return {
        "evidence": evidence,
        "cards": [_card(request, drill, evidence) for drill in DRILLS],
        "open_slug": open_slug,
        "may_press": settings.DEBUG,
    }


def _card(request: HttpRequest, drill: Drill, evidence: Evidence) -> dict[str, Any]:
    run = kept_run(request, drill)
    checks = drill.prove(run, evidence) if run else []
    return {
        "drill": drill,
        "run": run,
        "checks": checks,
        "is_proved": all(check.holds for check in checks),
    }


def _complain(request: HttpRequest, drill: Drill, error: Exception) -> HttpResponse:
    # Whatever is away was waited for just now; the page looks again by itself.
    context = {**_context(request, drill.slug, Evidence(asks=False)), "problem": str(error)}
    return render(request, "rehearsals/index.html", context, status=503)


def _back_to(drill: Drill) -> HttpResponse:
    return redirect(f"{reverse('rehearsals:index')}?{urlencode({'open': drill.slug})}#{drill.slug}")


def _refuse_outside_development() -> None:
    if not settings.DEBUG:
        raise PermissionDenied(
            "Rehearsals break things on purpose, in development only: DEBUG is off."
        )


def _drill_named(slug: str) -> Drill:
    for drill in DRILLS:
        if drill.slug == slug:
            return drill
    raise Http404(f"There is no drill named {slug}.")


def _button_named(drill: Drill, name: str) -> Button:
    for button in drill.buttons:
        if button.name == name:
            return button
    raise Http404(f"{drill.title} has no button named {name}.")
