"""Who may do what: the permissions, and the decorators by which views state theirs.

    @page                       # needs `jobs.view_jobs`; GET and HEAD
    def workers(request): ...

    @action(RETRY, page="jobs_job", named_by="job_id")  # needs `jobs.retry_job` too; POST
    def retry(request, job_id): ...

Logging in comes before that; see `serve`. A view without a decorator is not served at
all.

What a user may see of queues and arguments is in the reader that `reader_for` returns.
Views ask Redis by no other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from jobs import inspect
from jobs.admin.nav import address
from jobs.queue_access import limits_queues, may_see_queue
from jobs.store.reader import Reader
from jobs.store.sight import Sight

View = Callable[..., HttpResponseBase]

#: Where a request keeps what its user may see.
_SIGHT = "_jobs_sight"

VIEW = "jobs.view_jobs"
VIEW_ARGUMENTS = "jobs.view_job_arguments"
RETRY = "jobs.retry_job"
KILL = "jobs.kill_job"
DELETE = "jobs.delete_job"
RESCHEDULE = "jobs.reschedule_job"
RUN_AGAIN = "jobs.run_job_again"
CANCEL = "jobs.cancel_job"
PAUSE_QUEUE = "jobs.pause_queue"
CLEAR_QUEUE = "jobs.clear_queue"
CONTROL_WORKER = "jobs.control_worker"
CONTROL_SCHEDULE = "jobs.control_schedule"
OVERRIDE_SCHEDULE = "jobs.override_schedule"
ADD_SCHEDULE = "jobs.add_scheduleentry"
CHANGE_SCHEDULE = "jobs.change_scheduleentry"


@dataclass(frozen=True)
class Can:
    """What a user may do, for templates: `{% if can.retry %}`.

    A user who may not see jobs may do nothing with them.
    """

    user: AbstractBaseUser | AnonymousUser

    def do(self, *permissions: str) -> bool:
        """Tell whether the user may see jobs and has all of these permissions too."""
        user = self.user
        if not isinstance(user, PermissionsMixin | AnonymousUser):
            return False
        return user.has_perms((VIEW, *permissions))

    view = property(lambda self: self.do())
    retry = property(lambda self: self.do(RETRY))
    kill = property(lambda self: self.do(KILL))
    delete = property(lambda self: self.do(DELETE))
    reschedule = property(lambda self: self.do(RESCHEDULE))
    view_arguments = property(lambda self: self.do(VIEW_ARGUMENTS))
    run_again = property(lambda self: self.do(RUN_AGAIN, VIEW_ARGUMENTS))
    cancel = property(lambda self: self.do(CANCEL))
    pause_queue = property(lambda self: self.do(PAUSE_QUEUE))
    clear_queue = property(lambda self: self.do(CLEAR_QUEUE))
    control_worker = property(lambda self: self.do(CONTROL_WORKER))
    control_schedule = property(lambda self: self.do(CONTROL_SCHEDULE))
    override_schedule = property(lambda self: self.do(OVERRIDE_SCHEDULE))
    add_schedule = property(lambda self: self.do(ADD_SCHEDULE, VIEW_ARGUMENTS))
    change_schedule = property(lambda self: self.do(CHANGE_SCHEDULE, VIEW_ARGUMENTS))


def page(view: View) -> View:
    """Let a view show something to those who may see jobs.

    It answers GET and HEAD, and must change nothing.
    """
    return _guarded(view, (), ("GET", "HEAD"))


def action(*permissions: str, page: str, named_by: str = "") -> Callable[[View], View]:
    """Let a view change something for those who have these permissions.

    It answers POST. Where the permission depends on the address, name none here and
    call `demand` first. Who comes with GET, as after a login in between, is sent to the
    page that has the button. `page` is the name of its address, and `named_by` the
    argument that it shares with the view.
    """

    def guarded(view: View) -> View:
        @wraps(view)
        def act(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            return _to_page(request, page, {named_by: kwargs[named_by]} if named_by else {})

        guard = _guarded(act, permissions, ("POST", "GET", "HEAD"))
        guard.is_action = True  # type: ignore[attr-defined]
        return guard

    return guarded


def _to_page(request: HttpRequest, page: str, names: dict[str, str]) -> HttpResponseBase:
    """Send somebody to the page of an action, with the same filter."""
    # What has a name that is not UTF-8 has no page.
    url = address(request, page, **names) or address(request, "jobs_overview")
    query = request.GET.urlencode()
    text = _("Opening this address changed nothing. If you had to log in, press the button again.")
    messages.warning(request, text)
    return HttpResponseRedirect(f"{url}?{query}" if query else url)


def demand(request: HttpRequest, *permissions: str) -> None:
    """Raise PermissionDenied unless the user may see jobs and has these permissions."""
    if not Can(request.user).do(*permissions):
        raise PermissionDenied


def reader_for(request: HttpRequest) -> Reader:
    """Return a reader that shows what the user of a request may see.

    These are the queues that JOBS["QUEUE_ACCESS"] grants, and arguments with their
    permission. The function is asked once for each queue and request.
    """
    return inspect.get_reader(sight=sight_of(request))


def demand_queue(request: HttpRequest, queue: str) -> None:
    """Raise Http404 unless the user may see a queue.

    It says that there is none of that name.
    """
    if not sight_of(request).sees_queue(queue):
        raise Http404(_("There is no queue %(queue)s.") % {"queue": queue})


def sight_of(request: HttpRequest) -> Sight:
    """Return what the user of a request may see."""
    found: Sight | None = getattr(request, _SIGHT, None)
    if found is None:
        found = _made_sight(request)
        setattr(request, _SIGHT, found)
    return found


def _made_sight(request: HttpRequest) -> Sight:
    can_see_arguments = Can(request.user).view_arguments
    if not limits_queues():
        return Sight(sees_arguments=can_see_arguments)
    sees_queue = cache(lambda queue: may_see_queue(request.user, queue))
    return Sight(sees_queue, can_see_arguments)


def is_guarded(view: View) -> bool:
    """Tell whether a view went through `page` or `action`."""
    return getattr(view, "is_guarded", False)


def _guarded(view: View, permissions: tuple[str, ...], methods: tuple[str, ...]) -> View:
    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        demand(request, *permissions)
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        return view(request, *args, **kwargs)

    guard.is_guarded = True  # type: ignore[attr-defined]
    return guard
