"""Tests of the fulfillment service: requests, rejections, idempotency keys, its count."""

import pytest

from fake_services.models import FulfillmentRequest
from tests.fake_services.caller import Caller
from tests.fake_services.sample_requests import REQUEST_FULFILLMENT

pytestmark = pytest.mark.django_db(databases=["fake_services"])


def request_with(key: object, **values: object) -> dict:
    return {
        **REQUEST_FULFILLMENT.body,
        "metadata": {"order_id": 44, "idempotency_key": key},
        **values,
    }


def num_requests(call: Caller) -> int:
    return int(call("GET", "fulfillment/status").json()["num_requests"])


def test_request_is_accepted(call: Caller) -> None:
    answer = call.sample(REQUEST_FULFILLMENT)

    assert answer.status_code == 202
    assert answer.json() == {
        "status": "accepted",
        "request_id": FulfillmentRequest.objects.get().external_id,
    }
    assert answer.json()["request_id"].startswith("fr_")


def test_request_without_a_key_is_accepted_again(call: Caller) -> None:
    ids = {call.sample(REQUEST_FULFILLMENT).json()["request_id"] for _ in range(2)}

    assert len(ids) == 2
    assert num_requests(call) == 2


def test_request_with_a_known_key_is_the_first_request(call: Caller) -> None:
    first = call("PUT", "fulfillment/request", request_with("key-44"))

    second = call("PUT", "fulfillment/request", request_with("key-44", address=""))

    assert second.status_code == 202
    assert second.json() == first.json()
    assert num_requests(call) == 1


def test_keys_compare_by_json_value(call: Caller) -> None:
    ids = {
        call("PUT", "fulfillment/request", request_with(key)).json()["request_id"]
        for key in (44, "44")
    }

    assert len(ids) == 2


@pytest.mark.parametrize("address", [None, "", " \n"])
def test_request_without_an_address_is_rejected_and_not_counted(
    call: Caller, address: str | None
) -> None:
    answer = call("PUT", "fulfillment/request", request_with("key-44", address=address))

    assert answer.status_code == 422
    assert answer.json() == {"status": "rejected", "error": "Missing address"}
    assert num_requests(call) == 0


def test_rejection_does_not_pin_the_key(call: Caller) -> None:
    call("PUT", "fulfillment/request", request_with("key-44", address=""))

    assert call("PUT", "fulfillment/request", request_with("key-44")).status_code == 202


def test_all_requests_are_forgotten(call: Caller) -> None:
    call.sample(REQUEST_FULFILLMENT)

    answer = call("DELETE", "fulfillment/requests")

    assert answer.status_code == 200
    assert num_requests(call) == 0
