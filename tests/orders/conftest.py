"""Fixtures of the shop's tests: the services of the test's own server."""

from collections.abc import Iterator

import pytest

from orders.services import http
from tests.orders.service_urls import service_urls

#: Where nobody listens.
NOWHERE = "http://127.0.0.1:9/nothing"


@pytest.fixture(autouse=True)
def no_service(settings) -> None:
    """Let no test reach a service by accident."""
    for name in service_urls(""):
        setattr(settings, name, NOWHERE)


@pytest.fixture
def services(no_service, live_server, settings) -> Iterator[str]:
    """Start the fake services over HTTP and point the shop at them.

    Yields their common address.
    """
    for name, url in service_urls(live_server.url).items():
        setattr(settings, name, url)
    yield f"{live_server.url}/fake"
    # An open connection would keep a thread of the server busy,
    # until Python takes it down in mid-sentence.
    http._session().close()
