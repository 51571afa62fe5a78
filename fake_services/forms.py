"""The form that switches the behavior of a service, with the words of its page.

`pages.edit_behavior` shows and checks it; what is stored is `models.Behavior`.
"""

from django.forms import modelform_factory

from fake_services.models import Behavior

#: Made by the factory because a subclass of `ModelForm` cannot be typed without patching Django.
BehaviorForm = modelform_factory(
    Behavior,
    fields=["throttle", "crash", "when", "what", "sleep_seconds", "remaining_requests"],
    labels={
        "throttle": "Throttle?",
        "crash": "Crash?",
        "sleep_seconds": "Time out after (seconds)",
        "remaining_requests": "Only the next N requests",
    },
    help_texts={
        "throttle": "Requests get 429, and nothing is done.",
        "crash": "Requests get 503 or 504.",
        "when": "When a crash strikes. After the work, it is done but the caller does not learn of it.",
        "what": "Which requests misbehave. Searches read; everything else writes.",
        "sleep_seconds": "Requests wait this long before anything else; 0 is quick.",
        "remaining_requests": "Blank: until switched off.",
    },
)
