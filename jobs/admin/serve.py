"""What stands around every view of the control room.

The admin's login, our answers to what goes wrong, and the Content-Security-Policy.
"""

from functools import wraps
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import connections, transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from jobs.admin.access import View, is_guarded
from jobs.admin.audit import NotRecorded
from jobs.admin.pages.export import has_token, unauthorized
from jobs.admin.policy import content_security_policy
from jobs.admin.responses import corrupt, forbidden, not_found, unavailable, unrecorded
from jobs.errors import StoreCorrupt, StoreUnavailable


def serve(site: AdminSite, view: View) -> View:
    """Return the view as a page of an admin site.

    Users who are not logged in are sent to the login of the site first.
    """
    if not is_guarded(view):
        raise ImproperlyConfigured(
            f"{view.__name__} states no permission: decorate it with jobs.admin.access.page."
        )
    answer = _answering(view)
    inner = site.admin_view(answer)
    is_for_programs = getattr(view, "is_for_programs", False)

    @wraps(view)
    def outer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.current_app = site.name  # it is where {% url %} looks
        respond = inner
        if is_for_programs and has_token(request):
            respond = answer
        elif is_for_programs and not site.has_permission(request):
            respond = unauthorized  # a program can do nothing with a login page
        response = respond(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = content_security_policy()
        return response

    # The admin log must be written before and after a change, whatever becomes of the request.
    for alias in connections if getattr(view, "is_action", False) else ():
        transaction.non_atomic_requests(using=alias)(outer)
    outer.admin_site = site  # type: ignore[attr-defined]  # the admin's own views have it, too
    return outer


def _answering(view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except StoreUnavailable as error:
            return unavailable(request, error)
        except StoreCorrupt as error:
            return corrupt(request, error)
        except NotRecorded as error:
            return unrecorded(request, error)
        except PermissionDenied:
            return forbidden(request)
        except Http404 as error:
            return not_found(request, error)

    return answer
