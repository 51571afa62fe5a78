"""The Content-Security-Policy of the control room.

Nothing of ours needs an inline script or style. The frame around our pages may be another's.
"""

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.template.loader import get_template

#: What Django's own frame is made of.
TEMPLATES_OF_DJANGO = Path(admin.__file__).parent / "templates"
#: Themes carry inline scripts and styles, and Alpine.js compiles what stands in attributes.
INLINE_SCRIPTS = " 'unsafe-inline' 'unsafe-eval'"
INLINE_STYLES = " 'unsafe-inline'"


def content_security_policy() -> str:
    """Return a policy that loads and runs our own files only.

    Static files may be on another host, as STATIC_URL says. A theme that brings a frame of its own
    would be a blank page under the strict policy, so its inline scripts may run. They run on all
    other pages of the admin too.
    """
    files = "'self'"
    static = urlsplit(settings.STATIC_URL or "")
    if static.netloc:
        files += f" {static.scheme or 'https'}://{static.netloc}"
    scripts, styles = ("", "") if has_frame_of_django() else (INLINE_SCRIPTS, INLINE_STYLES)
    return (
        f"default-src 'none'; script-src {files}{scripts}; style-src {files}{styles}; "
        f"font-src {files}; img-src {files} data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def has_frame_of_django() -> bool:
    """Tell whether the pages of the admin have Django's own frame.

    A project that changes no more than `admin/base_site.html`, as for a title, has it.
    """
    found = get_template("admin/base.html")
    frame = found.origin.name  # type: ignore[attr-defined]  # each engine has a class of its own
    return Path(frame).is_relative_to(TEMPLATES_OF_DJANGO)
