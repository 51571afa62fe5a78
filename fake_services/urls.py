"""The URLs of the fake services: an index, their pages, endpoints and switches.

Every view below a service's own prefix is given the `Service`.
"""

from django.urls import URLResolver, include, path

from fake_services import pages
from fake_services.endpoint import Switches
from fake_services.service import Service
from fake_services.services import SERVICES

app_name = "fake_services"


def _below_prefix(service: Service) -> URLResolver:
    urls = [
        *service.endpoints,
        path("behavior", Switches.as_view()),
        path("ui", pages.records, name="ui"),
    ]
    return path(f"{service.slug}/", include((urls, service.slug)), {"service": service})


urlpatterns = [
    path("", pages.index, name="index"),
    path("reset", pages.reset, name="reset"),
    path("behaviors/<slug:service>/edit", pages.edit_behavior, name="edit_behavior"),
    *(_below_prefix(service) for service in SERVICES),
]
