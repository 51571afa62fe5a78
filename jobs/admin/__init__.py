"""The control room in the Django admin: watch and repair jobs under `<admin>/jobs/`.

Django imports this module when `django.contrib.admin` is installed. The default site gets the pages
by itself. Another admin site gets them where it is set up:

    from jobs.admin import install

    install(my_site)
"""

from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver

from jobs.admin.access import Can
from jobs.admin.entries import ScheduleEntryAdmin
from jobs.admin.urls import control_room_urls
from jobs.models import ControlRoom, ScheduleEntry


class ControlRoomAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes no type at run time
    """Shows the control room in the index to those who may enter.

    It has no pages of its own: `urls` has them.
    """

    def get_urls(  # type: ignore[override]  # the stubs know no resolver here
        self,
    ) -> list[URLPattern | URLResolver]:
        """Return nothing: there is no row to list, add or change."""
        return []

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the index shows the app to this user."""
        return Can(request.user).do()

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Return that a user may look at it, at most."""
        return {"add": False, "change": False, "delete": False, "view": Can(request.user).do()}


def install(site: AdminSite) -> None:
    """Put the control room at `jobs/` of an admin site, and into its index.

    A second call for the same site does nothing.

    An admin site has no hook for pages above a model. So its `get_urls` is wrapped, on this
    instance only. Our pages come first: otherwise `jobs/` would be the site's list of the app's
    models.
    """
    if site.is_registered(ControlRoom):
        return
    site.register(ControlRoom, ControlRoomAdmin)
    site.register(ScheduleEntry, ScheduleEntryAdmin)
    get_urls_of_site = site.get_urls

    def get_urls() -> list[URLPattern | URLResolver]:
        return [*control_room_urls(site), *get_urls_of_site()]

    site.get_urls = get_urls  # type: ignore[method-assign]


install(admin.site)
