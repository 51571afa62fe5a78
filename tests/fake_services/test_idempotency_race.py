"""Tests of two requests with one idempotency key that arrive at the same moment."""

import pytest

from fake_services.models import Charge
from fake_services.models.record import KeyedRecord
from tests.fake_services.caller import AtOnce, Caller
from tests.fake_services.sample_requests import CHARGE, PUBLISH, REQUEST_FULFILLMENT, SampleRequest

pytestmark = pytest.mark.django_db(transaction=True, databases=["fake_services"])

KEYED = [CHARGE, REQUEST_FULFILLMENT, PUBLISH]


@pytest.mark.parametrize("sample", KEYED, ids=str)
def test_one_key_is_worked_on_once_however_many_requests_arrive_at_once(
    call: Caller, at_once: AtOnce, sample: SampleRequest
) -> None:
    body = {**sample.body, "metadata": {"idempotency_key": "key-44"}}

    answers = at_once(8, lambda: call(sample.method, sample.path, body))

    assert {answer.status_code for answer in answers} == {sample.status}
    assert len({answer.content for answer in answers}) == 1
    assert sample.record.everything().count() == 1


@pytest.mark.parametrize("sample", KEYED, ids=str)
def test_requests_without_a_key_that_arrive_at_once_are_all_worked_on(
    call: Caller, at_once: AtOnce, sample: SampleRequest
) -> None:
    answers = at_once(8, lambda: call.sample(sample))

    assert len({answer.content for answer in answers}) == 8
    assert sample.record.everything().count() == 8


@pytest.mark.parametrize("sample", KEYED, ids=str)
def test_loser_of_the_race_is_given_the_winners_record(sample: SampleRequest) -> None:
    """Both have looked for the key in vain.

    The unique constraint decides, whatever the timing above was.
    """
    assert issubclass(sample.record, KeyedRecord)
    request = {**sample.body, "metadata": {"idempotency_key": 44}}

    winner = sample.record.store_once(request)
    loser = sample.record.store_once(request)

    assert loser == winner
    assert sample.record.everything().count() == 1


def test_declines_that_arrive_at_once_pin_no_key(call: Caller, at_once: AtOnce) -> None:
    body = {**CHARGE.body, "amount_cents": 9999, "metadata": {"idempotency_key": "key-44"}}

    answers = at_once(4, lambda: call("POST", "payments/charge", body))

    assert {answer.json()["status"] for answer in answers} == {"declined"}
    assert Charge.objects.filter(key_digest=None).count() == 4
