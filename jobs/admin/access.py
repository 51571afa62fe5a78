"""Who may do what: the names of the permissions, and the decorators by which each view states its own.

    @page                       # needs `jobs.view_jobs`; GET and HEAD
    def workers(request): ...

    @action(RETRY)              # needs `jobs.view_jobs` and `jobs.retry_job`; POST
    def retry(request, job_id): ...

Logging in comes before that; see `serve`. A view without a decorator is not served at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]

VIEW = "jobs.view_jobs"
RETRY = "jobs.retry_job"
KILL = "jobs.kill_job"
DELETE = "jobs.delete_job"
RESCHEDULE = "jobs.reschedule_job"
RUN_AGAIN = "jobs.run_job_again"
CANCEL = "jobs.cancel_job"
PAUSE_QUEUE = "jobs.pause_queue"
CLEAR_QUEUE = "jobs.clear_queue"
CONTROL_WORKER = "jobs.control_worker"


@dataclass(frozen=True)
class Can:
    """What a user may do, for templates: `{% if can.retry %}`. Who may not see, may not do anything."""

    user: AbstractBaseUser | AnonymousUser

    def do(self, *permissions: str) -> bool:
        """Tell whether the user may see, and has all of these permissions as well."""
        user = self.user
        return isinstance(user, PermissionsMixin | AnonymousUser) and user.has_perms((VIEW, *permissions))

    view = property(lambda self: self.do())
    retry = property(lambda self: self.do(RETRY))
    kill = property(lambda self: self.do(KILL))
    delete = property(lambda self: self.do(DELETE))
    reschedule = property(lambda self: self.do(RESCHEDULE))
    run_again = property(lambda self: self.do(RUN_AGAIN))
    cancel = property(lambda self: self.do(CANCEL))
    pause_queue = property(lambda self: self.do(PAUSE_QUEUE))
    clear_queue = property(lambda self: self.do(CLEAR_QUEUE))
    control_worker = property(lambda self: self.do(CONTROL_WORKER))


def page(view: View) -> View:
    """Let a view show something to those who may see jobs. It answers GET and HEAD, and must change nothing."""
    return _guarded(view, (), ("GET", "HEAD"))


def action(*permissions: str) -> Callable[[View], View]:
    """Let a view change something for those who have these permissions. It answers POST only.

    Where the permission depends on the address, name none here and call `demand` first.
    """
    return lambda view: _guarded(view, permissions, ("POST",))


def demand(request: HttpRequest, *permissions: str) -> None:
    """Raise PermissionDenied unless the user may see jobs and has these permissions."""
    if not Can(request.user).do(*permissions):
        raise PermissionDenied


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
