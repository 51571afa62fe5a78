"""Tests of what reaches the error catcher.

It comes through the handlers that the settings name, as the library calls them.
"""

from datetime import timedelta

import pytest

from fake_services.models import Behavior, Notification
from jobs import TransientError
from jobs.handlers import handle_death, handle_error
from jobs.run import job_of, run_job
from jobs.testing import assert_enqueued, assert_nothing_enqueued, drain, enqueued_jobs, mode
from orders.jobs import CompleteOrderJob
from orders.models import Order
from orders.reports import LONGEST_VALUE, ReportJob
from orders.services.http import ClientError, ServerError, ServiceUnavailable, Throttled
from orders.shop_job import ShopJob
from tests.conftest import free_port
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
        errors = {
            error.__name__: error
            for error in (ServiceUnavailable, Throttled, ServerError, ClientError)
        }
        raise errors[name]("as told")


def notifications() -> list[tuple[str, str]]:
    drain(ReportJob)
    kept = Notification.objects.order_by("pk")
    return [(each.request["exception_class"], each.request["exception_message"]) for each in kept]


def error_of(job: type[ShopJob], *args: object) -> Exception:
    """Return what a worker would tell the handlers."""
    job.enqueue(*args)
    payload = enqueued_jobs(job)[-1]
    with pytest.raises(Exception) as caught:  # noqa: PT011  # which one it is, the test asks
        run_job(job_of(payload), payload)
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

    assert notifications() == [
        ("RuntimeError", "CompleteOrderJob won't be retried: payments crashed")
    ]


def test_death_of_an_error_without_a_message_names_its_class(services):
    handle_death(CompleteOrderJob(), KeyError())

    assert notifications() == [("RuntimeError", "CompleteOrderJob won't be retried: KeyError")]


def test_report_waits_as_a_job_while_the_error_catcher_is_away(services, caplog):
    # A death is told once: lost here, nobody would ever hear of it.
    Behavior.objects.create(service="error-catcher", crash=True, remaining_requests=1)
    handle_death(CompleteOrderJob(), ValueError("no"))
    [report] = enqueued_jobs(ReportJob)

    error = error_of(ReportJob, *report.args)
    ReportJob.perform_now(*report.args)

    assert type(error) is TransientError
    assert "handler.failed" not in caplog.text
    kept = Notification.objects.get().request
    assert kept["exception_message"] == "CompleteOrderJob won't be retried: no"


def test_failure_of_a_report_is_not_reported_or_reports_would_never_end():
    handle_error(ValueError("refused"), {"class": "orders.ReportJob", "attempt": 1})
    handle_death(ReportJob(), ValueError("refused"))

    assert_nothing_enqueued()


def test_report_that_is_given_up_is_written_down(caplog):
    handle_death(ReportJob(), ValueError("refused"))

    assert "report.lost" in caplog.text


def test_missing_redis_is_reported_at_once(services, settings):
    # `jobs check` tells of a Redis that is away, and then no job can carry it.
    settings.JOBS = {
        **settings.JOBS,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "ENQUEUE_TIMEOUT": 0.1,
    }
    with mode("real"):
        handle_error(RuntimeError("Redis is away"), {})

    assert Notification.objects.get().request["exception_message"] == "Redis is away"


def test_long_report_fits_into_a_job():
    handle_error(ValueError("x" * 2_000_000), {"args": ["y" * 2_000_000], "attempt": 1})

    [report] = [payload.args[0] for payload in enqueued_jobs(ReportJob)]
    assert len(report["exception_message"]) == 10_000
    assert len(report["metadata"]["args"]) == LONGEST_VALUE + 1
    assert report["metadata"]["attempt"] == 1


def test_what_is_no_json_is_reported_as_text():
    handle_error(ValueError("no"), {"when": timedelta(seconds=3)})

    assert_enqueued(ReportJob, count=1)
    assert enqueued_jobs(ReportJob)[0].args[0]["metadata"] == {"when": "0:00:03"}
