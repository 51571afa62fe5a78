"""The example in production: closed, and served by gunicorn."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from django.urls import get_resolver

from orders.models import Order
from tests.databases import database_environment
from tests.house.production import KEY, addresses, run, served
from tests.orders.factories import OrderFactory

METHODS = ("GET", "POST", "PUT", "DELETE")
#: All that anybody gets to see without a login: the shop, and the way to log in.
PUBLIC = {
    ("GET", "/"): 200,
    ("GET", "/orders/new"): 200,
    ("POST", "/orders"): 422,
    ("GET", "/admin/login/"): 200,
    ("POST", "/admin/login/"): 200,
    ("PUT", "/admin/login/"): 200,
}
#: What leads on, and shows and does nothing itself.
SIGNPOSTS = {"/orders", "/orders/", "/orders/new/", "/favicon.ico", "/admin/logout/"}
LOGIN = "/admin/login/"
SETTINGS = ("-c", "import config.settings")


@pytest.fixture
def databases(transactional_db):
    """Return the test databases, for a server that knows nothing of tests."""
    return database_environment()


def asked(address, method, path):
    # A stranger may have a token too: that one is asked for must not be all that closes an address.
    token = "x" * 32
    headers = {
        "X-Forwarded-Proto": "https",
        "Referer": address.replace("http:", "https:"),
        "Cookie": f"csrftoken={token}",
        "X-CSRFToken": token,
    }
    answer = requests.request(
        method,
        address + path,
        headers=headers,
        timeout=30,
        allow_redirects=False,
    )
    leads_to = urlsplit(answer.headers.get("Location", "")).path
    return answer.status_code, leads_to


def is_closed(path, status, leads_to):
    leads_on = leads_to == LOGIN or (path in SIGNPOSTS and bool(leads_to))
    return leads_on or status in {401, 403, 404, 405}


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)
def test_nothing_but_the_shop_is_open_without_a_login(databases):
    order = OrderFactory.create()
    paths = sorted({*addresses(get_resolver().url_patterns), f"/orders/{order.pk}"})
    everything = [(method, path) for path in paths for method in METHODS]

    with (
        served(**databases, TRUST_FORWARDED_PROTO="true") as address,
        ThreadPoolExecutor(4) as pool,
    ):
        answers = list(pool.map(lambda one: asked(address, *one), everything))

    found = {
        (method, path): status
        for (method, path), (status, leads_to) in zip(everything, answers, strict=True)
        if not is_closed(path, status, leads_to)
    }
    assert len(paths) > 100
    assert found == PUBLIC


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)
def test_fakes_answer_where_they_are_switched_on_and_all_else_stays_closed(databases):
    with served(**databases, DEMO_PAGES="fake", HTTPS="false") as address:
        assert asked(address, "GET", "/fake/payments/status") == (200, "")
        assert asked(address, "GET", "/bots/") == (404, "")
        assert asked(address, "GET", "/rehearsals/") == (404, "")


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)
def test_visitor_sees_the_order_that_was_placed_in_this_browser_and_no_other(databases):
    other = OrderFactory.create(address="Nobody's business 1")
    with served(**databases, HTTPS="false") as address, requests.Session() as browser:
        form = browser.get(f"{address}/orders/new", timeout=10)
        values = {
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
            "product": other.product_id,
            "quantity": 1,
            "email": "me@example.com",
            "address": "Deck 11",
        }
        placed = browser.post(f"{address}/orders", values, timeout=10)
        home = browser.get(f"{address}/", timeout=10).text

    assert form.status_code == placed.status_code == 200
    mine = Order.objects.get(email="me@example.com")
    assert f"Order {mine.pk}" in placed.text
    assert f"Link to order {mine.pk}" in home
    assert f"Link to order {other.pk}" not in home


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)
def test_page_for_strangers_does_not_say_where_the_services_are(databases):
    secret = {"PAYMENTS_API_URL": "http://127.0.0.1:9/inside"}
    with served(**databases, **secret, HTTPS="false") as address:
        started = time.monotonic()
        page = requests.get(f"{address}/", timeout=30).text

    assert time.monotonic() - started < 10
    assert "We are looking into it." in page
    assert "127.0.0.1" not in page
    assert "inside" not in page


def test_settings_of_production_pass_the_check_of_django():
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr


def test_plain_http_in_production_is_warned_of():
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", HTTPS="false")

    assert done.returncode == 1
    assert "security.W008" in done.stderr


@pytest.mark.parametrize("key", ["a", KEY[:49], "development-only-key-never-use-it-in-production"])
def test_key_that_is_short_or_known_is_refused_with_the_way_to_a_better_one(key):
    done = run(*SETTINGS, SECRET_KEY=key)

    assert done.returncode == 1
    assert "Set SECRET_KEY to 50 random characters or more" in done.stderr


@pytest.mark.parametrize("module", ["config.wsgi", "config.asgi"])
def test_web_server_that_was_told_nothing_is_no_place_for_debugging(module):
    told_nothing = "import os; del os.environ['DEBUG'], os.environ['SECRET_KEY'];"

    done = run("-c", f"{told_nothing} import {module}")

    assert done.returncode == 1
    assert "DEBUG is off" in done.stderr


def test_unknown_name_of_a_demo_page_is_refused_with_those_that_exist():
    done = run(*SETTINGS, DEMO_PAGES="fakes")

    assert done.returncode == 1
    assert "DEMO_PAGES names fakes; it knows bots, fake, rehearsals, status." in done.stderr
