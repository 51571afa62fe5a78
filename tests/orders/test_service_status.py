"""Tests of the service status, against the fake services over HTTP."""

import pytest

from fake_services.models import Behavior
from orders.service_status import ServiceStatus, check_services
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


def check(name: str) -> ServiceStatus:
    return {status.name: status for status in check_services()}[name]


def test_everything_the_shop_depends_on_is_shown_in_order(services):
    assert [status.name for status in check_services()] == [
        "postgres",
        "redis",
        "error-catcher",
        "payments",
        "order-fulfillment",
        "email",
    ]


def test_database_tells_how_many_orders_there_are():
    OrderFactory.create()

    status = check("postgres")

    assert not status.problem
    assert status.info["Orders"] == 1


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("error-catcher", "error-catcher"),
        ("payments", "payments"),
        ("order-fulfillment", "fulfillment"),
        ("email", "email"),
    ],
)
def test_service_that_is_well_shows_its_address_and_behavior(services, name, slug):
    status = check(name)

    assert not status.problem
    assert status.info["URL"] == f"{services}/{slug}"
    assert status.behavior is not None
    assert not status.behavior.throttle
    assert not status.behavior.crash
    assert status.behavior.sleep_seconds == 0
    assert status.behavior.limits == {}
    assert status.behavior.manage_url == f"/fake/behaviors/{slug}/edit"


def test_misbehavior_is_shown_and_the_service_is_still_well(services):
    Behavior.objects.create(
        service="fulfillment", throttle=True, crash=True, sleep_seconds=5, remaining_requests=3
    )

    status = check("order-fulfillment")

    assert not status.problem
    assert status.behavior is not None
    assert (status.behavior.throttle, status.behavior.crash, status.behavior.sleep_seconds) == (
        True,
        True,
        5,
    )
    assert status.behavior.limits == {
        "When": "before",
        "What": "everything",
        "Remaining requests": 3,
    }


def test_service_that_is_away_shows_the_problem():
    status = check("payments")

    assert "payments did not answer GET" in status.problem
    assert status.behavior is None
    assert status.info == {"URL": "http://127.0.0.1:9/nothing"}
