"""Fixtures of the bots' tests.

The social service runs on the test's own server, or nowhere.
"""

import pytest

#: Where nobody listens.
NOWHERE = "http://127.0.0.1:9/nothing"


@pytest.fixture(autouse=True)
def no_service(settings) -> None:
    """Let no test reach a service by accident."""
    settings.SOCIAL_API_URL = NOWHERE


@pytest.fixture
def social_service(no_service, live_server, settings) -> str:
    """Start the fake social service over HTTP.

    Points the bots at it and returns its address.
    """
    settings.SOCIAL_API_URL = f"{live_server.url}/fake/social"
    return settings.SOCIAL_API_URL
