"""Who looks at the control room: users with some permissions, logged in."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from jobs import inspect
from tests.jobs.inspect.filling import announce_schedule, beat, failure, fill, put


@pytest.fixture
def log_in(db: None) -> Callable[..., Client]:
    """Return a function that logs in somebody of the staff.

    Its arguments are the permissions of ours that this person has.
    """

    def log_in(*codenames: str, is_superuser: bool = False) -> Client:
        user = User.objects.create_user(
            f"user{User.objects.count()}", is_staff=True, is_superuser=is_superuser
        )
        user.user_permissions.set(
            Permission.objects.filter(content_type__app_label="jobs", codename__in=codenames)
        )
        assert user.user_permissions.count() == len(codenames)
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def boss(log_in) -> Client:
    """Return the client of a superuser."""
    return log_in(is_superuser=True)


@pytest.fixture
def full(store) -> dict[str, str]:
    """Put something onto every page.

    Returns the ids of jobs by their place.
    """
    jobs = fill(store)
    beat(store, "host:1:abcd", busy=1, running=f"{jobs['running']} default 1764000000.000")
    error = [failure("orders.Declined", "Order 7 was <b>declined</b>", at=1_764_000_000)]
    jobs["retry"] = put(
        store, "retry", at=4e9, failures=1, errors=error, args=["<script>alert(1)</script>"]
    )
    jobs["dead"] = put(
        store, "dead", failures=1, errors=error, kwargs={"password": "hunter2", "note": "a & b"}
    )
    assert inspect.find(jobs["dead"]).place == "dead"
    announce_schedule(store)
    return jobs


def text(response) -> str:
    """Return a page as text."""
    return response.content.decode()


def messages(response) -> str:
    """Return what the page after a redirect tells."""
    return " ".join(str(message) for message in response.context["messages"])
