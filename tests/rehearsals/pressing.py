"""What the tests of the rehearsals do most.

Press a button, and read what a drill has to show.
"""

from django.test import Client
from django.urls import reverse

from jobs.testing import enqueued_jobs
from rehearsals.drill import Check


def press(client: Client, drill: str, button: str = "start"):
    return client.post(reverse("rehearsals:press", args=[drill, button]))


def put_back(client: Client, drill: str):
    return client.post(reverse("rehearsals:put_back", args=[drill]))


def card_of(client: Client, drill: str) -> dict:
    cards = client.get(reverse("rehearsals:live")).context["cards"]
    return next(card for card in cards if card["drill"].slug == drill)


def proof_of(client: Client, drill: str) -> list[Check]:
    return card_of(client, drill)["checks"]


def enqueued() -> list[str]:
    """Return the names of the classes of all collected jobs, the oldest first."""
    return [payload.job_class for payload in enqueued_jobs()]
