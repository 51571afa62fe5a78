"""The part of a form that says when a schedule ticks.

The form that overrides one of the code has nothing else.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from jobs.features.periodic.expression import fault_of
from jobs.features.periodic.kept import clock_fields
from jobs.features.periodic.zones import zone
from jobs.options import LONGEST

#: The longest duration, in seconds.
MOST_SECONDS = int(LONGEST.total_seconds())


def clean_clock(form: forms.BaseForm) -> None:
    """Check the time that was entered in the fields `cron`, `timezone` and `every_seconds`.

    What is wrong is added to the errors of its field. The zone is filled in where it is left empty.
    """
    entered = form.cleaned_data
    if {"cron", "timezone", "every_seconds"} & set(form.errors):
        return
    cron, every = entered["cron"].strip(), entered["every_seconds"]
    if bool(cron) == (every is not None):
        form.add_error("cron", _("Enter a cron expression or a number of seconds, one of the two."))
        return
    timezone = (entered["timezone"].strip() or settings.TIME_ZONE) if cron else ""
    entered.update(cron=cron, timezone=timezone)
    if cron:
        _check_cron(form, cron, timezone)
    elif not 1 <= every <= MOST_SECONDS:
        text = _("Enter a number of seconds from 1 to those of 100 years.")
        form.add_error("every_seconds", text)


def _check_cron(form: forms.BaseForm, cron: str, timezone: str) -> None:
    if fault := fault_of(cron):
        form.add_error("cron", fault.translated())
    if zone(timezone) is None:
        text = _("There is no time zone %(zone)s. Enter a name such as Europe/Berlin or UTC.")
        form.add_error("timezone", text % {"zone": timezone})


def is_duration(seconds: int) -> bool:
    """Tell whether a number of seconds can be that of a duration."""
    return timedelta(seconds=min(seconds, MOST_SECONDS + 1)) <= LONGEST


class OverrideForm(forms.Form):
    """Another time for a schedule of the code."""

    cron = forms.CharField(label=_("Cron expression"), required=False, max_length=100)
    timezone = forms.CharField(label=_("Time zone"), required=False, max_length=64)
    every_seconds = forms.IntegerField(label=_("Or every so many seconds"), required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse what is no time."""
        clean_clock(self)
        return self.cleaned_data

    @property
    def clock(self) -> dict[str, Any]:
        """What a valid form says, as a document holds it."""
        entered = self.cleaned_data
        return clock_fields(entered["cron"], entered["timezone"], entered["every_seconds"])
