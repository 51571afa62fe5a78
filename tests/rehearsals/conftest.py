"""Fixtures of the rehearsals' tests.

A shop in development, and fake services over HTTP for tests that ask.
"""

from collections.abc import Iterator

import pytest

from orders.services import http
from tests.orders.factories import CustomerFactory
from tests.orders.service_urls import service_urls

#: Where nobody listens.
NOWHERE = "http://127.0.0.1:9/nothing"


@pytest.fixture(autouse=True)
def development(settings) -> None:
    """Allow the buttons, and let no test reach a service by accident."""
    settings.DEBUG = True
    for name in service_urls(""):
        setattr(settings, name, NOWHERE)


@pytest.fixture
def services(development, live_server, settings) -> Iterator[str]:
    """Start the fake services over HTTP and point the shop at them.

    Yields their common address.
    """
    for name, url in service_urls(live_server.url).items():
        setattr(settings, name, url)
    yield f"{live_server.url}/fake"
    # An open connection would keep a thread of the server busy,
    # until Python takes it down in mid-sentence.
    http._session().close()


@pytest.fixture
def customer():
    return CustomerFactory.create()
