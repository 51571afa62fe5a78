"""The page of the rehearsals.

It is complete by itself, with no jobs and with many, and harmless outside development.
"""

import pytest
from django.test import Client
from django.urls import reverse
from redis import Redis

from orders.jobs import NapJob
from rehearsals.drills import DRILLS
from tests.rehearsals.pressing import card_of, enqueued, press, put_back

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"])

BUTTONS = [(drill.slug, button.name) for drill in DRILLS for button in drill.buttons]


def page_of(client, query: str = "") -> str:
    response = client.get(reverse("rehearsals:index") + query)
    assert response.status_code == 200
    return response.content.decode()


def test_every_drill_is_on_the_page_with_all_its_parts(client):
    page = page_of(client)

    for drill in DRILLS:
        assert f'id="{drill.slug}"' in page
    for part in ("Set it up", "What to watch", "What proves it", "Put it back"):
        assert page.count(f"<h3>{part}</h3>") == len(DRILLS)


def test_page_says_that_no_worker_is_running(client):
    page = page_of(client)

    assert "No worker is running" in page
    assert "Set it up, and the proof appears here." in page


@pytest.mark.jobs("real")
def test_page_counts_many_jobs(client):
    NapJob.using(commit="immediate").enqueue_many([(0.0,)] * 3_000)

    page = page_of(client)

    assert "<dt>Ready</dt><dd>3,000</dd>" in page


def test_page_tells_that_redis_is_away(client, settings):
    settings.JOBS = {**settings.JOBS, "REDIS_URL": "redis://127.0.0.1:9/0"}

    page = page_of(client)

    assert "Redis at redis://127.0.0.1:9/0 cannot be used" in page


def test_what_changes_is_the_same_in_the_page_and_in_its_live_part(client):
    page, live = page_of(client), client.get(reverse("rehearsals:live")).content.decode()

    regions = [
        part.split('"')[0] for part in live.split('id="')[1:] if "data-live" in part.split(">")[0]
    ]
    assert len(regions) == 1 + 2 * len(DRILLS)
    assert all(f'id="{region}"' in page for region in regions)
    assert "<html" not in live


def test_asked_for_drill_is_unfolded(client):
    page = page_of(client, "?open=dead-set")

    assert 'data-testid="dead-set" open>' in page
    assert page.count(" open>") == 1


@pytest.mark.parametrize(("drill", "button"), BUTTONS)
def test_button_is_refused_outside_development(client, settings, customer, drill, button):
    settings.DEBUG = False

    response = press(client, drill, button)

    assert response.status_code == 403
    assert enqueued() == []


def test_putting_back_is_refused_outside_development(client, settings):
    settings.DEBUG = False

    assert put_back(client, "double-email").status_code == 403


def test_page_says_that_it_is_to_look_at_only(client, settings):
    settings.DEBUG = False

    page = page_of(client)

    assert "every button is refused because DEBUG is off" in page
    assert page.count(" disabled>") == len(BUTTONS) + len(DRILLS)


def test_button_needs_a_post_with_a_token(client):
    address = reverse("rehearsals:press", args=["dead-set", "start"])

    assert client.get(address).status_code == 405
    assert Client(enforce_csrf_checks=True).post(address).status_code == 403


@pytest.mark.parametrize(
    ("drill", "button"), [("no-such-drill", "start"), ("dead-set", "no-such-button")]
)
def test_unknown_button_is_not_found(client, drill, button):
    assert press(client, drill, button).status_code == 404


def test_button_leads_back_to_its_drill(client):
    response = press(client, "dead-set")

    assert response.url == "/rehearsals/?open=dead-set#dead-set"


def test_second_press_at_once_does_nothing_more(client):
    press(client, "dead-set")
    press(client, "dead-set")

    assert enqueued() == ["rehearsals.DeadLineJob"]


def test_putting_back_forgets_the_proof(client):
    press(client, "dead-set")
    assert card_of(client, "dead-set")["run"]

    put_back(client, "dead-set")

    assert card_of(client, "dead-set")["run"] is None


def test_service_that_is_away_is_told_and_nothing_is_enqueued(client, customer):
    response = press(client, "double-charge")

    assert response.status_code == 503
    assert "There was trouble:" in response.content.decode()
    assert enqueued() == []


def test_redis_that_is_away_is_told(client, settings):
    settings.JOBS = {**settings.JOBS, "REDIS_URL": "redis://127.0.0.1:9/0"}

    response = press(client, "backlog")

    assert response.status_code == 503
    assert response.content.decode().count('class="problem"') == 1


def test_shop_without_a_customer_is_told_what_to_do(client):
    response = press(client, "declined-card")

    assert "load_sample_data" in response.content.decode()


def test_page_leaves_no_trace_in_redis(client, redis_url):
    page_of(client)

    with Redis.from_url(redis_url) as redis:
        assert redis.dbsize() == 0
