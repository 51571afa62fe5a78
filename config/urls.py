"""URLs of the example project.

The shop is at the root, and the admin beside it. What is only there to play with is served where
`DEMO_PAGES` says so.
"""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

DEMO = {
    "bots": path("bots/", include("bots.urls")),
    "fake": path("fake/", include("fake_services.urls")),
    "rehearsals": path("rehearsals/", include("rehearsals.urls")),
}

urlpatterns = [
    path("admin/", admin.site.urls),
    path("jobs/", include("jobs.urls")),  # what `job_progress` on an order's page asks
    *(pages for name, pages in DEMO.items() if name in settings.DEMO_PAGES),
    path("", include("orders.urls")),
    # Browsers ask for it on pages that name no icon, as those of the admin.
    path("favicon.ico", RedirectView.as_view(url=static("favicon.svg"), permanent=True)),
]
