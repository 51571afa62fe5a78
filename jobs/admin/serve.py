"""Around every view: the admin's login, our answers to what goes wrong, and the Content-Security-Policy."""

from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.admin.sites import AdminSite
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from jobs.admin.access import View, is_guarded
from jobs.admin.pages.export import has_token
from jobs.admin.responses import forbidden, not_found, unavailable
from jobs.errors import StoreUnavailable


def serve(site: AdminSite, view: View) -> View:
    """Return the view as a page of an admin site: who is not logged in is sent to its login first."""
    if not is_guarded(view):
        raise ImproperlyConfigured(f"{view.__name__} states no permission: decorate it with jobs.admin.access.page.")
    answer = _answering(view)
    inner = site.admin_view(answer)
    is_for_programs = getattr(view, "is_for_programs", False)

    @wraps(view)
    def outer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.current_app = site.name  # it is where {% url %} looks
        needs_login = not (is_for_programs and has_token(request))
        response = (inner if needs_login else answer)(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = content_security_policy()
        return response

    outer.admin_site = site  # type: ignore[attr-defined]  # the admin's own views have it, too
    return outer


def content_security_policy() -> str:
    """Return a policy under which nothing runs or is loaded but our own files; static files may be elsewhere."""
    static = urlsplit(settings.STATIC_URL or "")
    files = f"'self' {static.scheme or 'https'}://{static.netloc}" if static.netloc else "'self'"
    return (
        f"default-src 'none'; script-src {files}; style-src {files}; font-src {files}; img-src {files} data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _answering(view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except StoreUnavailable as error:
            return unavailable(request, error)
        except PermissionDenied:
            return forbidden(request)
        except Http404 as error:
            return not_found(request, error)

    return answer
