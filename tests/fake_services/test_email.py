"""Tests of the e-mail service: sending and searching."""

import pytest

from fake_services.models import Email
from tests.fake_services.caller import Caller
from tests.fake_services.sample_requests import SEND_EMAIL

pytestmark = pytest.mark.django_db(databases=["fake_services"])

SEARCH = "email/emails?email=pat@example.com&template_id=order-confirmation"


def test_email_is_queued(call: Caller) -> None:
    answer = call.sample(SEND_EMAIL)

    assert answer.status_code == 202
    assert answer.json() == {"status": "queued", "email_id": Email.objects.get().external_id}
    assert answer.json()["email_id"].startswith("em_")


@pytest.mark.parametrize("missing", ["to", "template_id"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_email_without_a_required_value_is_not_queued(
    call: Caller, missing: str, value: str | None
) -> None:
    answer = call("POST", "email/send", {**SEND_EMAIL.body, missing: value})

    assert answer.status_code == 422
    assert answer.json() == {"status": "not-queued", "errorMessage": f"{missing} required"}
    assert not Email.objects.exists()


def test_missing_address_is_named_before_missing_template(call: Caller) -> None:
    answer = call("POST", "email/send")

    assert answer.json()["errorMessage"] == "to required"


def test_search_finds_nothing(call: Caller) -> None:
    answer = call("GET", SEARCH)

    assert answer.status_code == 200
    assert answer.json() == []


def test_search_returns_each_request_with_its_id_oldest_first(call: Caller) -> None:
    ids = [call.sample(SEND_EMAIL).json()["email_id"] for _ in range(2)]

    found = call("GET", SEARCH).json()

    assert found == [{**SEND_EMAIL.body, "email_id": email_id} for email_id in ids]


@pytest.mark.parametrize(
    "query",
    [
        "email=pat@example.com&template_id=other",
        "email=Pat@example.com&template_id=order-confirmation",
        "email=pat@example.com",
        "template_id=order-confirmation",
        "",
    ],
)
def test_search_must_equal_exactly(call: Caller, query: str) -> None:
    call.sample(SEND_EMAIL)

    assert call("GET", f"email/emails?{query}").json() == []


def test_all_emails_are_forgotten(call: Caller) -> None:
    call.sample(SEND_EMAIL)

    answer = call("DELETE", "email/emails")

    assert answer.status_code == 200
    assert call("GET", SEARCH).json() == []
