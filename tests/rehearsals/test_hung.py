"""The page of the rehearsals while Redis and the services hang."""

import socket
import time
from collections.abc import Iterator

import pytest

from jobs.testing import mode
from orders.models import Order
from rehearsals.drill import Run
from rehearsals.drills import DRILLS
from tests.orders.factories import OrderFactory
from tests.orders.service_urls import service_urls

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def hung(development, settings) -> Iterator[str]:
    """Point the shop, its services and its Redis at a server that says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server, mode("real"):
        place = f"127.0.0.1:{server.getsockname()[1]}"
        for name, url in service_urls(f"http://{place}").items():
            setattr(settings, name, url)
        settings.JOBS = {**settings.JOBS, "REDIS_URL": f"redis://{place}/0", "ENQUEUE_TIMEOUT": 0.2}
        yield place


def keep_a_run_of_every_drill(client) -> None:
    order = OrderFactory.create()
    names = ("order", "naive", "careful")
    facts = {"dead": 0, "slow": 1, "processed": 0, **dict.fromkeys(names, order.pk)}
    session = client.session
    session["rehearsals"] = {drill.slug: Run(facts).as_json() for drill in DRILLS}
    session.save()


def test_page_waits_once_for_redis_and_once_for_all_services(client, hung):
    keep_a_run_of_every_drill(client)

    began = time.monotonic()
    answer = client.get("/rehearsals/")

    assert answer.status_code == 200
    assert time.monotonic() - began < 8
    assert Order.objects.exists()


@pytest.mark.parametrize(
    "button", ["double-charge/start", "double-charge/put-back", "permanent-failure/start"]
)
def test_button_that_waited_in_vain_says_so_and_waits_no_more(client, hung, customer, button):
    began = time.monotonic()
    answer = client.post(f"/rehearsals/{button}")

    assert answer.status_code == 503
    assert time.monotonic() - began < 8
