"""Tests of the service clients.

What they send and return, and what becomes of every kind of bad answer.
"""

import socket
from threading import Thread

import pytest

from fake_services.models import Behavior, FulfillmentRequest
from fake_services.models import Charge as ChargeRecord
from fake_services.models import Email as EmailRecord
from orders.services.email import EmailClient, SentEmail
from orders.services.fulfillment import FulfillmentClient
from orders.services.http import (
    ClientError,
    ServerError,
    ServiceError,
    ServiceUnavailable,
    Throttled,
)
from orders.services.payments import Charge, Decline, PaymentsClient

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


def charge(amount_cents: int = 123_00) -> Charge | Decline:
    return PaymentsClient().charge("cust_1", "pm_1", amount_cents, {"order_id": 1})


@pytest.fixture
def answer_with(settings):
    """Return a function that replaces the payment service.

    The service then is a server which answers one request with the bytes it is given.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def answer_once(raw: bytes) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(raw)

    threads = []

    def start(raw: bytes) -> None:
        settings.PAYMENTS_API_URL = f"http://127.0.0.1:{listener.getsockname()[1]}"
        threads.append(Thread(target=answer_once, args=[raw]))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()
    listener.close()


def test_charge_returns_its_id(services):
    answer = charge()

    assert isinstance(answer, Charge)
    assert answer.charge_id.startswith("ch_")


def test_decline_returns_its_reason(services):
    assert charge(99_99) == Decline("Insufficient funds")


def test_sent_emails_are_found(services):
    email_id = EmailClient().send("kira@example.com", "order-confirmation", {"order_id": 7})

    found = EmailClient().search("kira@example.com", "order-confirmation")

    assert found == [SentEmail(email_id, "kira@example.com", "order-confirmation", {"order_id": 7})]
    assert EmailClient().search("kira@example.com", "another") == []


def test_fulfillment_returns_the_id_of_the_request(services):
    request_id = FulfillmentClient().request_fulfillment(1, "Deck 7", 2, 3, {"order_id": 4})

    assert FulfillmentRequest.objects.get().external_id == request_id


@pytest.mark.parametrize(
    ("clear", "client"),
    [
        (PaymentsClient.clear_charges, PaymentsClient),
        (EmailClient.clear_emails, EmailClient),
        (FulfillmentClient.clear_requests, FulfillmentClient),
    ],
)
def test_clear_makes_a_service_forget(services, clear, client):
    charge()
    EmailClient().send("kira@example.com", "order-confirmation", {})
    FulfillmentClient().request_fulfillment(1, "Deck 7", 2, 3, {})

    clear(client())

    kept = {
        record: record.objects.count() for record in (ChargeRecord, EmailRecord, FulfillmentRequest)
    }
    assert sorted(kept.values()) == [0, 1, 1]


def test_throttling_is_an_error_of_its_own_and_not_a_client_error(services):
    Behavior.objects.create(service="payments", throttle=True)

    with pytest.raises(Throttled) as caught:
        charge()

    assert caught.value.status_code == 429
    assert not isinstance(caught.value, ClientError)


def test_crash_is_a_server_error_with_status_and_body(services):
    Behavior.objects.create(service="payments", crash=True)

    with pytest.raises(ServerError, match="crashed before the work") as caught:
        charge()

    assert caught.value.status_code in {503, 504}
    assert "crashed before the work" in caught.value.body


def test_wrong_request_is_a_client_error(services):
    with pytest.raises(ClientError, match="Missing address") as caught:
        FulfillmentClient().request_fulfillment(1, "", 2, 3, {})

    assert caught.value.status_code == 422


def test_slow_service_is_unavailable(settings):
    settings.SERVICE_TIMEOUT_SECONDS = 0.05

    with socket.create_server(("127.0.0.1", 0)) as never_answers:
        settings.PAYMENTS_API_URL = f"http://127.0.0.1:{never_answers.getsockname()[1]}"

        with pytest.raises(ServiceUnavailable, match=r"payments did not answer POST .*too long"):
            charge()


def test_service_that_nobody_runs_is_unavailable():
    with pytest.raises(ServiceUnavailable) as caught:
        charge()

    url = "http://127.0.0.1:9/nothing/charge"
    sentence = f"payments did not answer POST {url}: there was no connection"
    assert str(caught.value) == sentence
    assert caught.value.status_code is None


def test_connection_that_breaks_off_is_unavailable(answer_with):
    answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    with pytest.raises(ServiceUnavailable):
        charge()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "not JSON"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
            "answered 302",
        ),
    ],
)
def test_answer_that_makes_no_sense_is_a_service_error(answer_with, raw, message):
    answer_with(raw)

    with pytest.raises(ServiceError, match=message):
        charge()
