"""URLs of the example project: the shop at the root, the bots, the fakes under `/fake/`, the rehearsals, the admin."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("bots/", include("bots.urls")),
    path("fake/", include("fake_services.urls")),
    path("rehearsals/", include("rehearsals.urls")),
    path("", include("orders.urls")),
]
