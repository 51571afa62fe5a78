"""The bots' page and its buttons.

A view reads the request and picks a template. What the bots do is in their jobs.
"""

from concurrent.futures import ThreadPoolExecutor

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bots.crash_switch import read_crash_switch, set_crash_switch
from bots.models import Kind
from bots.runs import start_run
from bots.social import SocialError
from bots.wall import look_at_wall
from jobs import StoreUnavailable

#: How long the page waits for the social service.
TIMEOUT_SECONDS = 2.0


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """Show the newest runs, the buttons, and what to watch."""
    # Both ask the social service. Side by side, so that nobody waits twice for one that hangs.
    with ThreadPoolExecutor(1) as beside:
        switch = beside.submit(read_crash_switch, TIMEOUT_SECONDS)
        context = {"wall": look_at_wall(TIMEOUT_SECONDS), "crash_switch": switch.result()}
    return render(request, "bots/index.html", context)


@require_safe
@never_cache
def wall(request: HttpRequest) -> HttpResponse:
    """Show the part of the page that changes by itself, for its script."""
    return render(request, "bots/_wall.html", {"wall": look_at_wall(TIMEOUT_SECONDS)})


@require_POST
def start(request: HttpRequest, kind: Kind) -> HttpResponse:
    """Let the bots post, by the jobs of one kind."""
    try:
        start_run(kind)
    except StoreUnavailable as error:
        messages.error(request, f"Perhaps nobody was asked to post. {error}")
    return redirect("bots:index")


@require_POST
def switch_worf(request: HttpRequest) -> HttpResponse:
    """Make Worf crash, or stop it."""
    try:
        set_crash_switch(is_on=request.POST.get("crash") == "on")
    except SocialError as error:
        messages.error(request, f"Perhaps nothing was switched. {error}")
    return redirect("bots:index")
