"""Tests of the error catcher: what it notes and what it refuses."""

import pytest
from django.test import Client

from fake_services.models import Notification
from tests.fake_services.caller import Caller
from tests.fake_services.sample_requests import NOTIFY

pytestmark = pytest.mark.django_db(databases=["fake_services"])


def test_exception_is_noted(call: Caller) -> None:
    answer = call.sample(NOTIFY)

    assert answer.status_code == 202
    assert answer.json() == {"notification_id": Notification.objects.get().external_id}
    assert answer.json()["notification_id"].startswith("err_")


@pytest.mark.parametrize("missing", ["exception_class", "exception_message"])
def test_exception_without_class_or_message_is_refused(call: Caller, missing: str) -> None:
    body = {key: value for key, value in NOTIFY.body.items() if key != missing}

    answer = call("PUT", "error-catcher/notification", body)

    assert answer.status_code == 422
    assert answer.json() == {"error": "exception class or message is missing"}
    assert not Notification.objects.exists()


@pytest.mark.parametrize("blank", ["", " ", None])
def test_blank_message_is_refused_since_nobody_can_act_on_it(call: Caller, blank: str) -> None:
    answer = call(
        "PUT",
        "error-catcher/notification",
        {"exception_class": "KeyError", "exception_message": blank},
    )

    assert answer.status_code == 422
    assert not Notification.objects.exists()


def test_page_says_none_yet_when_all_are_forgotten(call: Caller, client: Client) -> None:
    call.sample(NOTIFY)

    answer = call("DELETE", "error-catcher/notifications")

    assert answer.status_code == 200
    assert "NONE YET" in client.get("/fake/error-catcher/ui").content.decode()
