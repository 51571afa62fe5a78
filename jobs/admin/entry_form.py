"""The form of a schedule that is kept in the database."""

import json
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jobs.admin.clock_form import clean_clock, is_duration
from jobs.admin.run_again import JsonField
from jobs.conf import get_settings
from jobs.errors import InvalidArguments, InvalidJob, UnknownJob
from jobs.features.periodic.entries import NAME, check_fits
from jobs.features.periodic.kept import (
    MOST_ARGUMENTS,
    MOST_ENTRIES,
    is_schedulable,
    schedulable_classes,
)
from jobs.features.periodic.times import Every
from jobs.models import ScheduleEntry
from jobs.options import check_queue_name
from jobs.payload import Payload
from jobs.queue_access import may_see_queue
from jobs.redaction import redacted_arguments
from jobs.registry import registry

_DURATIONS = ("catch_up_seconds", "jitter_seconds", "margin_seconds")
#: Arguments are checked with a schedule of any time.
_SOME_TIME = timedelta(hours=1)


class ScheduleEntryForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes no type at run time
    """A row, checked as the code checks what is written on a job class.

    Only classes that the code marks can be chosen, whatever is posted. The admin makes a subclass
    with the `user`.
    """

    user: ClassVar[object] = None
    job_class = forms.ChoiceField(
        label=_("Job class"),
        help_text=_("Those that the code marks with schedulable = True."),
    )
    args = JsonField(list, [], label=_("Positional arguments"))
    kwargs = JsonField(dict, {}, label=_("Arguments by name"))

    class Meta:
        model = ScheduleEntry
        fields = (
            *("job_class", "name", "enabled", "cron", "timezone", "every_seconds", "args"),
            *("kwargs", "queue", "overlap", *_DURATIONS),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the classes that people may schedule, and the one that the row has."""
        super().__init__(*args, **kwargs)
        if "job_class" in self.fields:
            names = sorted({*schedulable_classes(), self.instance.job_class} - {""})
            choices = [("", "---------"), *((name, name) for name in names)]
            self.fields["job_class"].choices = choices  # type: ignore[attr-defined]

    def clean_job_class(self) -> str:
        """Refuse a class that people may not schedule, any more or at all."""
        name: str = self.cleaned_data["job_class"]
        try:
            is_allowed = is_schedulable(name)
        except UnknownJob:
            is_allowed = False
        if not is_allowed:
            text = _("The code here lets nobody schedule %(job_class)s. Choose another class.")
            raise ValidationError(text % {"job_class": name})
        return name

    def clean_name(self) -> str:
        """Refuse what cannot stand in the name of a schedule."""
        name: str = self.cleaned_data["name"]
        if not NAME.match(name):
            raise ValidationError(_("Enter 1 to 50 letters, digits, _ or -, such as nightly."))
        return name

    def clean(self) -> dict[str, Any]:
        """Check the time, the queue, and the arguments by the signature of `perform`."""
        if self.instance.pk is None and ScheduleEntry.objects.count() >= MOST_ENTRIES:
            text = _("There are %(most)s schedules already. Delete one that nobody needs.")
            raise ValidationError(text % {"most": MOST_ENTRIES})
        super().clean()  # it lets Django look for a second row of this name
        entered = self.cleaned_data
        clean_clock(self)
        for name in _DURATIONS:
            if not is_duration(entered.get(name) or 0):
                self.add_error(name, _("Enter a number of seconds of at most 100 years."))
        if "job_class" in entered:
            self._check_queue(entered)
            if {"args", "kwargs"} <= set(entered):
                self._check_arguments(entered)
        for name in ("args", "kwargs"):
            if name in entered:
                entered[name] = json.dumps(entered[name], ensure_ascii=False)
        return entered

    def _check_queue(self, entered: dict[str, Any]) -> None:
        queue = entered.get("queue") or registry.find(entered["job_class"]).options.queue
        try:
            entered["queue"] = check_queue_name(queue)
        except InvalidJob as error:
            self.add_error("queue", str(error))
            return
        if not may_see_queue(self.user, queue):
            text = _("You may not use the queue %(queue)s. Enter one that you see.")
            self.add_error("queue", text % {"queue": queue})

    def _check_arguments(self, entered: dict[str, Any]) -> None:
        if problem := _problem_of(entered["job_class"], entered["args"], entered["kwargs"]):
            self.add_error("args", str(problem))


def _problem_of(class_name: str, args: list[Any], kwargs: dict[str, Any]) -> str | Promise | None:
    """Return what is wrong with arguments, None if nothing is."""
    job_class = registry.find(class_name)
    try:
        check_fits(job_class, Every(_SOME_TIME, args=args, kwargs=kwargs))
    except InvalidArguments as error:
        return str(error)
    payload = Payload(0, "", class_name, "", args, kwargs)
    size = len(payload.encode())
    if size > MOST_ARGUMENTS:
        text = _("They take %(size)s bytes, and %(most)s is the most. Store them and pass a key.")
        return text % {"size": size, "most": MOST_ARGUMENTS}
    shown = redacted_arguments(payload, job_class.parameter_names(), get_settings().redact)
    if shown != (args, kwargs):
        return _(
            "One of these looks like a secret, which everybody could read here. "
            "Let perform read it from the settings."
        )
    return None
