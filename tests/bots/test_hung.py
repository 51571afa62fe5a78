"""What the bots' page does while a service or Redis hangs."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client

from bots.models import Run
from bots.views import TIMEOUT_SECONDS
from jobs.testing import mode

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def hung() -> Iterator[int]:
    """Yield a port on which somebody listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("url", ["/bots/run", "/bots/counter-example", "/bots/bail-out"])
def test_run_that_redis_did_not_take_is_told_and_is_not_in_progress(
    client: Client, settings, url: str
):
    with hung() as port, mode("real"):
        settings.JOBS = {
            **settings.JOBS,
            "REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "ENQUEUE_TIMEOUT": 0.2,
        }
        answer = client.post(url, follow=True)

    text = answer.content.decode()
    assert answer.status_code == 200
    assert '<p class="problem" role="status">Perhaps nobody was asked to post. Redis' in text
    assert "In progress" not in text
    assert text.count("Was never asked.") == 4
    assert Run.objects.count() == 1


@pytest.mark.slow
def test_page_waits_once_for_a_service_that_hangs(client: Client, settings):
    with hung() as port:
        settings.SOCIAL_API_URL = f"http://127.0.0.1:{port}/fake/social"
        started = time.monotonic()
        answer = client.get("/bots/")
        waited = time.monotonic() - started

    assert answer.status_code == 200
    assert TIMEOUT_SECONDS <= waited < 2 * TIMEOUT_SECONDS
