"""Tests of the payment service: charges, declines, idempotency keys."""

import pytest

from fake_services.models import Charge
from tests.fake_services.caller import Caller
from tests.fake_services.sample_requests import CHARGE

pytestmark = pytest.mark.django_db(databases=["fake_services"])


def charge_with(key: object = None, amount_cents: object = 12300) -> dict:
    return {
        **CHARGE.body,
        "amount_cents": amount_cents,
        "metadata": {"order_id": 44, "idempotency_key": key},
    }


def test_charge_is_made(call: Caller) -> None:
    answer = call.sample(CHARGE)

    assert answer.status_code == 201
    assert answer.json()["status"] == "success"
    assert answer.json()["charge_id"] == Charge.objects.get().external_id


def test_id_is_the_prefix_and_8_hex_digits(call: Caller) -> None:
    answer = call.sample(CHARGE)

    prefix, _, digits = answer.json()["charge_id"].partition("_")
    assert prefix == "ch"
    assert len(digits) == 8
    assert int(digits, 16) >= 0


@pytest.mark.parametrize("key", [None, "missing"])
def test_charge_without_a_key_is_made_again(call: Caller, key: object) -> None:
    body = CHARGE.body if key == "missing" else charge_with(key)

    ids = {call("POST", "payments/charge", body).json()["charge_id"] for _ in range(2)}

    assert len(ids) == 2
    assert Charge.objects.count() == 2


def test_charge_with_a_known_key_is_the_first_charge(call: Caller) -> None:
    first = call("POST", "payments/charge", charge_with("key-44"))

    second = call("POST", "payments/charge", charge_with("key-44", amount_cents=555))

    assert second.status_code == 201
    assert second.json() == first.json()
    assert Charge.objects.count() == 1


def test_known_key_beats_the_amount_that_is_declined(call: Caller) -> None:
    first = call("POST", "payments/charge", charge_with("key-44"))

    second = call("POST", "payments/charge", charge_with("key-44", amount_cents=9999))

    assert second.json() == first.json()


def test_keys_compare_by_json_value(call: Caller) -> None:
    keys = [44, "44", [44], {"order": 44}, True, 1, ""]

    ids = {call("POST", "payments/charge", charge_with(key)).json()["charge_id"] for key in keys}

    assert len(ids) == len(keys)


def test_key_of_any_length_is_known_again(call: Caller) -> None:
    key = "k" * 10_000

    ids = {call("POST", "payments/charge", charge_with(key)).json()["charge_id"] for _ in range(2)}

    assert len(ids) == 1


def test_metadata_that_is_no_object_holds_no_key(call: Caller) -> None:
    body = {**CHARGE.body, "metadata": "idempotency_key"}

    assert call("POST", "payments/charge", body).status_code == 201


def test_99_99_is_declined(call: Caller) -> None:
    answer = call("POST", "payments/charge", charge_with(amount_cents=9999))

    assert answer.status_code == 200
    assert answer.json() == {"status": "declined", "explanation": "Insufficient funds"}
    assert Charge.objects.get().is_declined


@pytest.mark.parametrize("amount_cents", [9998, 10000, "9999", None])
def test_nothing_but_99_99_is_declined(call: Caller, amount_cents: object) -> None:
    assert (
        call("POST", "payments/charge", charge_with(amount_cents=amount_cents)).status_code == 201
    )


def test_decline_does_not_pin_the_key(call: Caller) -> None:
    declined = call("POST", "payments/charge", charge_with("key-44", amount_cents=9999))

    charged = call("POST", "payments/charge", charge_with("key-44", amount_cents=9998))

    assert declined.json()["status"] == "declined"
    assert charged.json()["status"] == "success"


def test_forgetting_all_charges_frees_their_keys(call: Caller) -> None:
    first = call("POST", "payments/charge", charge_with("key-44"))

    answer = call("DELETE", "payments/charges")

    assert answer.status_code == 200
    assert not Charge.objects.exists()
    assert call("POST", "payments/charge", charge_with("key-44")).json() != first.json()


def test_id_that_is_taken_is_replaced_by_another(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = iter(["ch_00000001", "ch_00000001", "ch_00000002"])
    monkeypatch.setattr("fake_services.models.record.new_id", lambda _prefix: next(ids))

    answers = [call.sample(CHARGE) for _ in range(2)]

    assert [answer.json()["charge_id"] for answer in answers] == ["ch_00000001", "ch_00000002"]
