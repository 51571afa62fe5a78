"""Tests of the reset of all fake services."""

import pytest
from django.test import Client
from pytest_django import Settings

from fake_services.models import Behavior
from fake_services.reset import ResetRefused, reset_all
from tests.fake_services.caller import Caller
from tests.fake_services.sample_requests import SAMPLE_REQUESTS

pytestmark = pytest.mark.django_db(databases=["fake_services"])


@pytest.fixture
def used_services(call: Caller) -> None:
    for sample in SAMPLE_REQUESTS:
        call.sample(sample)
        Behavior.objects.create(service=sample.slug, crash=True)


def what_is_left() -> int:
    return Behavior.objects.count() + sum(
        sample.record.everything().count() for sample in SAMPLE_REQUESTS
    )


def test_reset_stops_all_misbehavior_and_deletes_all_records(
    used_services: None, settings: Settings
) -> None:
    settings.DEBUG = True

    reset_all()

    assert what_is_left() == 0


def test_reset_is_refused_outside_development(used_services: None, settings: Settings) -> None:
    settings.DEBUG = False

    with pytest.raises(ResetRefused, match="DEBUG is off"):
        reset_all()

    assert what_is_left() == 2 * len(SAMPLE_REQUESTS)


def test_button_resets_and_returns_to_the_index(
    used_services: None, settings: Settings, client: Client
) -> None:
    settings.DEBUG = True

    answer = client.post("/fake/reset", follow=True)

    assert answer.redirect_chain == [("/fake/", 302)]
    assert "have forgotten everything" in answer.content.decode()
    assert what_is_left() == 0


def test_button_is_refused_and_not_shown_outside_development(
    used_services: None, settings: Settings, client: Client
) -> None:
    settings.DEBUG = False

    assert "Reset All Services" not in client.get("/fake/").content.decode()
    assert client.post("/fake/reset").status_code == 403
    assert what_is_left() == 2 * len(SAMPLE_REQUESTS)


def test_reset_is_no_get_request(used_services: None, settings: Settings, client: Client) -> None:
    settings.DEBUG = True

    assert client.get("/fake/reset").status_code == 405
    assert what_is_left() == 2 * len(SAMPLE_REQUESTS)
