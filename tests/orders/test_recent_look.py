"""Strangers share one look at the services, and cannot keep the shop busy."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from orders import recent_look, views
from orders.service_status import ServiceStatus
from tests.orders.factories import OrderFactory

FOUND = [ServiceStatus("payments", "Payments", {"URL": "http://payments"}, problem="timed out")]


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def looks(monkeypatch, settings):
    """Return a list that grows with each look at the services."""
    settings.DEMO_PAGES = []
    looks = []

    def look():
        looks.append(1)
        return FOUND

    monkeypatch.setattr(recent_look, "check_services", look)
    monkeypatch.setattr(views, "check_services", look)
    return looks


def test_strangers_share_a_look(db, looks):
    pages = [Client().get("/") for _ in range(20)]

    assert len(looks) == 1
    assert all("We are looking into it." in page.content.decode() for page in pages)


def test_a_stranger_is_told_of_no_orders_but_their_own(db, looks):
    OrderFactory()

    page = Client().get("/").content.decode()

    assert "0 orders of yours." in page
    assert "in the system" not in page


def test_a_stranger_does_not_wait_for_the_look_of_another(monkeypatch):
    begun, goes_on = Barrier(2), Event()

    def hang():
        begun.wait(10)
        goes_on.wait(10)
        return FOUND

    monkeypatch.setattr(recent_look, "check_services", hang)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(recent_look.recent_services)
        begun.wait(10)
        others = [recent_look.recent_services() for _ in range(20)]
        goes_on.set()

        assert others == [[]] * 20
        assert first.result() == FOUND
    assert recent_look.recent_services() == FOUND


def test_staff_get_a_look_of_their_own(db, client, looks):
    client.force_login(User.objects.create_user("staff", is_staff=True))

    for _ in range(3):
        assert "timed out" in client.get("/").content.decode()

    assert len(looks) == 3


def test_a_failed_look_is_not_kept(monkeypatch):
    monkeypatch.setattr(recent_look, "check_services", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        recent_look.recent_services()

    assert cache.get("orders.services") is None
