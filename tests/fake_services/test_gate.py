"""Tests of the gate that every request passes.

Accept, body, and misbehavior ordered by a header.
"""

import pytest

from fake_services.models import Email
from tests.fake_services.caller import Caller
from tests.fake_services.sample_requests import (
    CHARGE,
    NOTIFY,
    REQUEST_FULFILLMENT,
    SAMPLE_REQUESTS,
    SEND_EMAIL,
    SampleRequest,
)

pytestmark = pytest.mark.django_db(databases=["fake_services"])

all_services = pytest.mark.parametrize("sample", SAMPLE_REQUESTS, ids=str)
COLLECTIONS = {
    "payments": "charges",
    "email": "emails",
    "fulfillment": "requests",
    "error-catcher": "notifications",
    "social": "posts",
}
DEEP = "[" * 100_000


@all_services
def test_good_request_is_worked_on_without_a_csrf_token(
    call: Caller, sample: SampleRequest
) -> None:
    assert call.sample(sample).status_code == sample.status
    assert sample.record.everything().count() == 1


@all_services
def test_client_that_accepts_neither_json_nor_html_gets_406(
    call: Caller, sample: SampleRequest
) -> None:
    answer = call.sample(sample, {"Accept": "text/plain"})

    assert answer.status_code == 406
    assert not sample.record.everything().exists()


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "text/plain, application/json;q=0.5"]
)
def test_client_that_accepts_json_is_served(call: Caller, accept: str) -> None:
    assert call.sample(NOTIFY, {"Accept": accept}).status_code == 202


@all_services
@pytest.mark.parametrize(
    "data",
    [
        "{",
        "[]",
        "44",
        '"text"',
        "null",
        b"\xff",
        '{"a": 1e999}',
        '{"a": NaN}',
        '{"a": "\\ud800"}',
        DEEP,
    ],
)
def test_body_that_is_no_storable_json_object_gets_422(
    call: Caller, sample: SampleRequest, data: str | bytes
) -> None:
    answer = call.raw(sample.method, sample.path, data)

    assert answer.status_code == 422
    assert not sample.record.everything().exists()


def test_body_with_a_nul_gets_422(call: Caller) -> None:
    assert (
        call.raw("POST", "email/send", '{"to": "a\\u0000b", "template_id": "t"}').status_code == 422
    )


def test_body_is_not_read_when_html_is_accepted(call: Caller) -> None:
    answer = call.sample(SEND_EMAIL, {"Accept": "text/html"})

    assert answer.json()["errorMessage"] == "to required"


def test_wrong_method_gets_405(call: Caller) -> None:
    assert call("GET", "payments/charge").status_code == 405


@all_services
def test_throttle_header_gets_429_before_any_work(call: Caller, sample: SampleRequest) -> None:
    answer = call.sample(sample, {"X-Throttle": "true"})

    assert answer.status_code == 429
    assert not sample.record.everything().exists()


@pytest.mark.parametrize("sample", [CHARGE, REQUEST_FULFILLMENT, NOTIFY], ids=str)
def test_crash_header_crashes_before_the_work(call: Caller, sample: SampleRequest) -> None:
    answer = call.sample(sample, {"X-Crash": "true"})

    assert answer.status_code in {503, 504}
    assert not sample.record.everything().exists()


def test_crash_header_still_sends_the_email(call: Caller) -> None:
    answer = call.sample(SEND_EMAIL, {"X-Crash": "true"})

    assert answer.status_code == 503
    assert Email.objects.count() == 1


def test_crash_header_reaches_the_search_for_emails(call: Caller) -> None:
    assert call(
        "GET", "email/emails?email=a&template_id=b", headers={"X-Crash": "true"}
    ).status_code in {503, 504}


@all_services
def test_crash_header_keeps_the_records_from_being_forgotten(
    call: Caller, sample: SampleRequest
) -> None:
    call.sample(sample)
    answer = call(
        "DELETE", f"{sample.slug}/{COLLECTIONS[sample.slug]}", headers={"X-Crash": "true"}
    )

    assert answer.status_code in {503, 504}
    assert sample.record.everything().count() == 1


@all_services
@pytest.mark.parametrize(
    ("header", "seconds"), [("2", 2.0), ("0.25", 0.25), ("100000", 300.0), ("-1", 0.0)]
)
def test_slow_header_makes_the_service_sleep_first(
    call: Caller, naps: list[float], sample: SampleRequest, header: str, seconds: float
) -> None:
    answer = call.sample(sample, {"X-Be-Slow": header})

    assert naps == [seconds]
    assert answer.status_code == sample.status


@pytest.mark.parametrize("header", ["soon", "nan", ""])
def test_slow_header_that_is_no_number_is_ignored(
    call: Caller, naps: list[float], header: str
) -> None:
    call.sample(NOTIFY, {"X-Be-Slow": header})

    assert naps == [0.0]


def test_slow_header_true_sleeps_1_to_10_seconds(call: Caller, naps: list[float]) -> None:
    call.sample(NOTIFY, {"X-Be-Slow": "true"})

    assert 1 <= naps[0] <= 10


@pytest.mark.parametrize(("header", "statuses"), [("X-Throttle", {429}), ("X-Crash", {503, 504})])
def test_slow_combines_with_throttle_and_crash(
    call: Caller, naps: list[float], header: str, statuses: set[int]
) -> None:
    answer = call.sample(NOTIFY, {"X-Be-Slow": "2", header: "true"})

    assert naps == [2.0]
    assert answer.status_code in statuses


def test_throttle_beats_crash(call: Caller) -> None:
    answer = call.sample(SEND_EMAIL, {"X-Throttle": "true", "X-Crash": "true"})

    assert answer.status_code == 429
    assert not Email.objects.exists()


def test_wrong_accept_is_refused_before_the_body_is_read_and_before_the_nap(
    call: Caller, naps: list[float]
) -> None:
    answer = call.raw("POST", "email/send", "{", {"Accept": "text/plain", "X-Be-Slow": "2"})

    assert answer.status_code == 406
    assert naps == []


def test_wrong_body_is_refused_before_the_nap_and_the_throttle(
    call: Caller, naps: list[float]
) -> None:
    answer = call.raw("POST", "email/send", "{", {"X-Be-Slow": "2", "X-Throttle": "true"})

    assert answer.status_code == 422
    assert naps == []
