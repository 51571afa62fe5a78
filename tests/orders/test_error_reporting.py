"""Tests of what reaches the error catcher: through the handlers that the settings name, as the library calls them."""

import pytest

from fake_services.models import Behavior, Notification
from jobs import TransientError
from jobs.handlers import handle_death, handle_error
from orders.jobs import CompleteOrderJob
from orders.models import Order
from orders.services.http import ClientError, ServerError, ServiceUnavailable, Throttled
from orders.shop_job import ShopJob
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


class RateLimited(Exception):
    pass


class RefundJob(ShopJob):
    transient_errors = (*ShopJob.transient_errors, RateLimited)

    def perform(self) -> None:
        raise RateLimited("too many refunds")


class ServiceJob(ShopJob):
    def perform(self, name: str) -> None:
        errors = {error.__name__: error for error in (ServiceUnavailable, Throttled, ServerError, ClientError)}
        raise errors[name]("as told")


def notifications() -> list[tuple[str, str]]:
    kept = Notification.objects.order_by("pk")
    return [(each.request["exception_class"], each.request["exception_message"]) for each in kept]


def error_of(job: type[ShopJob], *args: object) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # which one it is, the test asks
        job.perform_now(*args)
    return caught.value


def test_error_that_is_not_transient_bubbles_and_is_reported(services):
    error = error_of(CompleteOrderJob, -99)

    handle_error(error, {"class": "orders.CompleteOrderJob", "attempt": 1})

    assert isinstance(error, Order.DoesNotExist)
    assert notifications() == [("Order.DoesNotExist", "Order matching query does not exist.")]


def test_crash_of_a_service_is_transient_and_not_reported(services):
    Behavior.objects.create(service="payments", crash=True)

    error = error_of(CompleteOrderJob, OrderFactory.create().pk)
    handle_error(error, {})

    assert type(error) is TransientError
    assert isinstance(error.__cause__, ServerError)
    assert notifications() == []


def test_job_adds_transient_errors_of_its_own(services):
    error = error_of(RefundJob)
    handle_error(error, {})

    assert type(error) is TransientError
    assert notifications() == []


@pytest.mark.parametrize("name", ["ServiceUnavailable", "Throttled", "ServerError"])
def test_what_heals_at_a_service_is_transient(name):
    assert type(error_of(ServiceJob, name)) is TransientError


def test_wrong_request_is_not_transient():
    assert type(error_of(ServiceJob, "ClientError")) is ClientError


def test_death_is_reported_even_of_a_transient_error(services):
    handle_death(CompleteOrderJob(), TransientError("payments crashed"))

    assert notifications() == [("RuntimeError", "CompleteOrderJob won't be retried: payments crashed")]


def test_death_of_an_error_without_a_message_names_its_class(services):
    handle_death(CompleteOrderJob(), KeyError())

    assert notifications() == [("RuntimeError", "CompleteOrderJob won't be retried: KeyError")]


def test_error_catcher_that_is_away_harms_nobody(caplog):
    handle_error(ValueError("no"), {})
    handle_death(CompleteOrderJob(), ValueError("no"))

    assert caplog.text.count("handler.failed") == 2
