"""Tests of reconciliation: what it finds, starts, leaves alone and reports."""

import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from fake_services.models import Notification
from jobs import StoreUnavailable
from jobs.features.periodic.entries import entries_of
from jobs.testing import assert_enqueued, assert_nothing_enqueued, clear, drain, enqueued_jobs, mode
from orders import order_creator
from orders.jobs import (
    CompleteOrderJob,
    ReconcileOrdersJob,
    RequestOrderFulfillmentJob,
    SendOrderNotificationEmailJob,
)
from orders.models import Order, OrderState
from orders.reconciliation import reconcile_orders
from orders.reports import ReportJob
from orders.services.http import ServiceUnavailable
from tests.conftest import free_port
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)

CHARGED = {"charge_successful": True, "charge_id": "ch_1"}
CONFIRMED = {**CHARGED, "email_id": "em_1"}


def order_from(minutes_ago: float, **answers: object) -> Order:
    order, then = OrderFactory.create(**answers), timezone.now() - timedelta(minutes=minutes_ago)
    completed = (
        {"charge_completed_at": then}
        if order.charge_successful or order.charge_decline_reason
        else {}
    )
    Order.objects.filter(pk=order.pk).update(created_at=then, **completed)
    order.refresh_from_db()
    return order


@pytest.mark.parametrize(
    ("answers", "job"),
    [
        ({}, CompleteOrderJob),
        (CHARGED, SendOrderNotificationEmailJob),
        (CONFIRMED, RequestOrderFulfillmentJob),
    ],
)
def test_missing_step_of_a_stuck_order_is_started(answers, job):
    order = order_from(11, **answers)
    order_from(9, **answers)

    found = reconcile_orders()

    [enqueued] = assert_enqueued(job, args=[order.pk], count=1)
    order.refresh_from_db()
    assert order.job_id == enqueued.id
    assert len(enqueued_jobs()) - len(enqueued_jobs(ReportJob)) == found.count == 1


@pytest.mark.parametrize(
    "answers", [{"charge_decline_reason": "No"}, {**CONFIRMED, "fulfillment_request_id": "fr_1"}]
)
def test_order_that_is_finished_is_left_alone(answers):
    order_from(11, **answers)

    assert reconcile_orders().count == 0

    assert_nothing_enqueued()


def test_order_that_was_started_again_is_left_alone_for_as_long():
    order = order_from(11)
    reconcile_orders()
    clear()

    assert reconcile_orders().count == 0
    Order.objects.filter(pk=order.pk).update(reconciled_at=timezone.now() - timedelta(minutes=11))

    assert reconcile_orders().uncharged == [order.pk]


def test_many_orders_are_started_in_batches(monkeypatch):
    monkeypatch.setattr("orders.reconciliation.BATCH", 2)
    orders = [order_from(11).pk for _ in range(5)]

    reconcile_orders()

    assert [payload.args for payload in enqueued_jobs(CompleteOrderJob)] == [[pk] for pk in orders]


def test_one_summary_is_reported_and_none_when_all_is_well(services):
    orders = [order_from(11), order_from(12, **CHARGED), order_from(13, **CONFIRMED)]

    reconcile_orders()
    reconcile_orders()
    drain(ReportJob)

    report = Notification.objects.get().request
    assert report["exception_message"] == (
        "Stuck orders started again: 3 (1 not charged, 1 not confirmed, 1 not fulfilled)."
    )
    assert report["metadata"] == {
        "uncharged": [orders[0].pk],
        "unconfirmed": [orders[1].pk],
        "unfulfilled": [orders[2].pk],
    }


def test_report_that_cannot_even_be_a_job_stops_nothing(caplog, monkeypatch):
    order_from(11)

    def away(error, context):
        raise ServiceUnavailable("error-catcher did not answer")

    monkeypatch.setattr("orders.reconciliation.report", away)

    assert reconcile_orders().count == 1

    assert "orders.reconciliation_not_reported" in caplog.text


def test_order_whose_job_is_not_there_comes_to_its_end(services, settings):
    order = OrderFactory.build(product=ProductFactory.create(), customer=CustomerFactory.create())
    settings.JOBS = {
        **settings.JOBS,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "ENQUEUE_TIMEOUT": 0.1,
    }
    with mode("real"):
        order_creator.create_order(order)

    reconcile_orders(timedelta(0))
    drain()

    order.refresh_from_db()
    assert order.state == OrderState.COMPLETE


def test_nothing_is_noted_while_redis_is_away(settings):
    order = order_from(11)
    settings.JOBS = {
        **settings.JOBS,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "ENQUEUE_TIMEOUT": 0.1,
    }

    with mode("real"), pytest.raises(StoreUnavailable):
        reconcile_orders()

    order.refresh_from_db()
    assert order.reconciled_at is None


def test_commands_say_in_one_sentence_that_redis_is_away(settings):
    order_from(11)
    settings.JOBS = {
        **settings.JOBS,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "ENQUEUE_TIMEOUT": 0.1,
    }

    for command in ("reconcile_orders", "load_jobs"):
        with mode("real"), pytest.raises(CommandError, match="Is it running"):
            call_command(command)


def test_job_reconciles_with_its_threshold():
    order = order_from(3)
    ReconcileOrdersJob.perform_now()
    assert_nothing_enqueued()

    ReconcileOrdersJob.perform_now(older_than_minutes=2)

    assert_enqueued(CompleteOrderJob, args=[order.pk], count=1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--older-than", "2"], "Stuck orders started again: 1 (1 not charged"),
        ([], "No order is stuck."),
    ],
)
def test_command_reconciles_and_says_so(arguments, sentence):
    order_from(3)
    output = StringIO()

    call_command("reconcile_orders", *arguments, stdout=output)

    assert sentence in output.getvalue()


class Stopped(Exception):
    """Ends a command that goes on for ever."""


def looks(monkeypatch, number: int) -> list[float]:
    """Let the command look so many times, and return its pauses as they come."""
    pauses: list[float] = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == number:
            raise Stopped

    monkeypatch.setattr("orders.management.commands.reconcile_orders.time.sleep", sleep)
    return pauses


def test_command_goes_on_looking_at_its_pace(monkeypatch):
    pauses, output = looks(monkeypatch, 2), StringIO()
    order = order_from(11)

    with pytest.raises(Stopped):
        call_command("reconcile_orders", "--every", "5", stdout=output)

    assert pauses == [300, 300]
    assert_enqueued(CompleteOrderJob, args=[order.pk], count=1)
    assert output.getvalue().splitlines() == [
        "Stuck orders started again: 1 (1 not charged, 0 not confirmed, 0 not fulfilled).",
        "No order is stuck.",
    ]


@pytest.mark.parametrize(
    "error", [StoreUnavailable("redis://away", OSError("no")), OperationalError("gone")]
)
def test_command_that_goes_on_survives_what_is_away(monkeypatch, error):
    pauses, complaints = looks(monkeypatch, 2), StringIO()

    def fail(older_than):
        raise error

    monkeypatch.setattr("orders.management.commands.reconcile_orders.reconcile_orders", fail)

    with pytest.raises(Stopped):
        call_command("reconcile_orders", "--every", "5", stderr=complaints)

    assert len(pauses) == 2
    assert complaints.getvalue().count(str(error)) == 2


@pytest.mark.parametrize("every", ["0", "-1"])
def test_pace_must_be_one(every):
    with pytest.raises(CommandError, match="above 0"):
        call_command("reconcile_orders", f"--every={every}")


def test_somebody_reconciles_in_development_and_in_production():
    # What the shop tells a customer whose order was not enqueued is true only then.
    [entry] = entries_of("orders.ReconcileOrdersJob")
    assert entry.schedule.clock == "every 300 s"
    for name in ("Procfile.dev", "docker-compose.yml"):
        text = re.sub(r"[\[\]\",]", "", (ROOT / name).read_text())
        assert "manage.py runjobs" in text
