"""Tests of the claim on the confirmation of an order.

It keeps a second job from sending it.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from fake_services.models import Behavior, Email
from jobs import Snooze
from jobs.testing import assert_enqueued, assert_nothing_enqueued
from orders import confirmation, order_creator
from orders.confirmation import CLAIM, SUBJECT, ConfirmationClaimed
from orders.jobs import RequestOrderFulfillmentJob, SendOrderNotificationEmailJob
from orders.models import Order
from orders.naive import NaiveCompleteOrderJob
from orders.services.http import ServerError
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


def order_claimed_by(claimant: str, seconds_ago: float = 0.0) -> Order:
    since = timezone.now() - timedelta(seconds=seconds_ago)
    return OrderFactory.create(
        charge_successful=True, email_claimed_by=claimant, email_claimed_at=since
    )


def test_claimed_order_is_left_to_its_claimant(services):
    order = order_claimed_by("another job")

    with pytest.raises(ConfirmationClaimed):
        order_creator.send_notification_email(order, claimant="this job")

    assert not Email.objects.exists()
    assert_nothing_enqueued()


def test_job_that_finds_the_order_claimed_comes_back_later_without_failing():
    order = order_claimed_by("another job")

    with pytest.raises(Snooze) as snooze:
        SendOrderNotificationEmailJob.perform_now(order.pk)

    assert snooze.value.seconds == CLAIM.total_seconds()


def test_claimant_goes_on_at_once_after_a_crash(services):
    order = order_claimed_by("this job")

    order_creator.send_notification_email(order, claimant="this job")

    assert Email.objects.count() == 1


def test_claim_whose_holder_never_came_back_lapses(services):
    order = order_claimed_by("another job", seconds_ago=CLAIM.total_seconds() + 1)

    order_creator.send_notification_email(order, claimant="this job")

    assert Email.objects.count() == 1


def test_failure_gives_the_claim_back(services):
    Behavior.objects.create(service="email", crash=True, when="before", remaining_requests=1)
    order = OrderFactory.create(charge_successful=True)
    with pytest.raises(ServerError):
        order_creator.send_notification_email(order, claimant="another job")

    order_creator.send_notification_email(order, claimant="this job")

    assert Email.objects.count() == 1


def test_order_that_was_confirmed_meanwhile_goes_on_without_a_service(services):
    order = OrderFactory.create(charge_successful=True)
    stale = Order.objects.get(pk=order.pk)
    order_creator.send_notification_email(order)
    Behavior.objects.create(service="email", crash=True, when="before", what="everything")

    order_creator.send_notification_email(stale)

    assert stale.email_id == order.email_id
    assert_enqueued(RequestOrderFulfillmentJob, args=[order.pk], count=2)


def test_confirmation_is_found_among_those_of_other_orders(services):
    first, second = (
        OrderFactory.create(email="kira@example.com"),
        OrderFactory.create(email="kira@example.com"),
    )
    order_creator.send_notification_email(first)

    assert confirmation._find(second) is None
    assert confirmation._find(first) == first.email_id


@pytest.mark.parametrize("job", [SendOrderNotificationEmailJob, NaiveCompleteOrderJob])
def test_confirmation_has_a_subject_whichever_job_sends_it(services, job):
    order = OrderFactory.create(charge_successful=True)

    job.perform_now(order.pk)

    assert Email.objects.get().request["template_data"]["subject"] == SUBJECT
