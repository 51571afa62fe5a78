"""The form that switches the behavior of a service, and the words beside it.

`pages.edit_behavior` shows and checks it, `endpoint.Switches` only checks. What is stored is
`models.Behavior`.
"""

from collections.abc import Mapping
from typing import Any

from django.forms import ModelForm, modelform_factory

from fake_services.models import Behavior
from fake_services.service import Service

SWITCHES = ["throttle", "crash", "when", "what", "sleep_seconds", "remaining_requests"]
LABELS = {
    "throttle": "Throttle?",
    "crash": "Crash?",
    "sleep_seconds": "Time out after (seconds)",
    "remaining_requests": "Only the next N requests",
    "only_author": "Only requests of this author",
}
HELP_TEXTS = {
    "throttle": "Requests get 429, and nothing is done.",
    "crash": "Requests get 503 or 504.",
    "when": "When a crash strikes. After the work, it is done but the caller does not learn of it.",
    "what": "Which requests misbehave. Searches read; everything else writes.",
    "sleep_seconds": "Requests wait this long before anything else; 0 is quick.",
    "remaining_requests": "Blank: until switched off.",
    "only_author": "Blank: of everybody.",
}


def switches_of(service: Service) -> list[str]:
    """Return the names of the switches of a service."""
    return [*SWITCHES, "only_author"] if service.has_authors else SWITCHES


def behavior_form(service: Service, data: Mapping[str, Any] | None) -> "ModelForm[Behavior]":
    """Return the form of a service, filled with its behavior in force.

    Where there is `data`, the form is filled with that, to be checked.
    """
    fields = switches_of(service)
    # Made by the factory because a subclass of `ModelForm` cannot be typed without patching Django.
    form_class = modelform_factory(Behavior, fields=fields, labels=LABELS, help_texts=HELP_TEXTS)
    return form_class(data, instance=service.behavior())
