"""Tests of the error catcher's client."""

import pytest

from fake_services.models import Notification
from orders.services.error_catcher import ErrorCatcherClient, Ignored, Notified

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


def test_error_is_reported_with_its_context(services):
    answer = ErrorCatcherClient().notify(ValueError("no such thing"), {"order_id": 7})

    [notification] = Notification.objects.all()
    assert answer == Notified(notification.external_id)
    assert notification.request["exception_class"] == "ValueError"
    assert notification.request["exception_message"] == "no such thing"
    assert notification.request["metadata"] == {"order_id": 7}


def test_sentence_is_reported_like_an_error(services):
    ErrorCatcherClient().notify("Nobody runs the jobs!")

    [notification] = Notification.objects.all()
    assert notification.request["exception_class"] == "RuntimeError"
    assert notification.request["exception_message"] == "Nobody runs the jobs!"


def test_error_without_a_message_is_reported_too(services):
    answer = ErrorCatcherClient().notify(KeyError())

    assert isinstance(answer, Notified)


@pytest.mark.parametrize("error", [OSError("gone"), TimeoutError("late")])
def test_ignored_class_and_its_subclasses_make_no_call(error):
    answer = ErrorCatcherClient(ignored_errors=(OSError,)).notify(error)

    assert answer == Ignored()


def test_other_classes_are_not_ignored(services):
    answer = ErrorCatcherClient(ignored_errors=(OSError,)).notify(ValueError("no"))

    assert isinstance(answer, Notified)


def test_clear_makes_it_forget(services):
    ErrorCatcherClient().notify("once")

    ErrorCatcherClient().clear_notifications()

    assert not Notification.objects.exists()
