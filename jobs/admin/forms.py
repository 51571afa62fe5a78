"""The forms: what to show of a set, when to run a job, and with which arguments."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.inspect import Filter, JobRecord
from jobs.redaction import REDACTED

#: How a browser's own field for date and time writes them.
BROWSER_FORMAT = "%Y-%m-%dT%H:%M"
TIME_FORMATS = [BROWSER_FORMAT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]


class BrowserTimeField(forms.DateTimeField):
    """A moment in the project's time zone, entered in the browser's own field."""

    def __init__(self, **options: Any) -> None:
        """Make the field; options as for any."""
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format=BROWSER_FORMAT)
        super().__init__(input_formats=TIME_FORMATS, widget=widget, **options)


class FilterForm(forms.Form):
    """What a job must have; read from the address, so that a filter can be kept as a bookmark."""

    queue = forms.CharField(label=_("Queue"), required=False)
    job_class = forms.CharField(label=_("Job class"), required=False)
    error = forms.CharField(label=_("Error"), required=False)
    text = forms.CharField(label=_("Arguments"), required=False)
    since = BrowserTimeField(label=_("From"), required=False)
    until = BrowserTimeField(label=_("Until"), required=False)
    error_class = forms.CharField(required=False, widget=forms.HiddenInput)  # type: ignore[assignment]  # no attribute
    shape = forms.CharField(required=False, widget=forms.HiddenInput)

    def filter(self, queue: str = "") -> Filter | None:
        """Return the filter, None if something was entered that cannot be understood; a given queue comes first."""
        if not self.is_valid():
            return None
        return Filter(**{**self.cleaned_data, "queue": queue or self.cleaned_data["queue"]})


class RescheduleForm(forms.Form):
    """When a job shall run."""

    at = BrowserTimeField(label=_("Run at"))


class JsonField(forms.CharField):
    """A value as JSON of one type, in which hidden secrets stand for what they were."""

    def __init__(self, kind: type, original: Any, shown: Any, **options: Any) -> None:
        """Take the type, the value with its secrets, and the value without."""
        self._kind, self._original = kind, original
        super().__init__(
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
            initial=json.dumps(shown, indent=2, ensure_ascii=False),
            **options,
        )

    def clean(self, value: Any) -> Any:
        """Return the value, its secrets restored. Raise ValidationError for what is no such JSON."""
        try:
            parsed = json.loads(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(_("This is not JSON: %(error)s") % {"error": error}) from error
        if not isinstance(parsed, self._kind):
            raise forms.ValidationError(
                _("Enter a list, such as [1, 2].") if self._kind is list else _('Enter an object, such as {"a": 1}.')
            )
        return _restored(parsed, self._original)


class RunAgainForm(forms.Form):
    """The arguments of the copy of a job."""

    def __init__(self, job: JobRecord, *args: Any, **kwargs: Any) -> None:
        """Make a form with the arguments of this job."""
        super().__init__(*args, **kwargs)
        payload = job.payload
        self.fields["args"] = JsonField(list, payload.args, job.args, label=_("Positional arguments"))
        self.fields["kwargs"] = JsonField(dict, payload.kwargs, job.kwargs, label=_("Arguments by name"))


def _restored(entered: Any, original: Any) -> Any:
    """Return what was entered with every untouched secret put back from the same place."""
    if entered == REDACTED:
        return original
    if isinstance(entered, dict) and isinstance(original, dict):
        return {key: _restored(value, original.get(key, value)) for key, value in entered.items()}
    if isinstance(entered, list) and isinstance(original, list):
        return [_restored(value, original[n] if n < len(original) else value) for n, value in enumerate(entered)]
    return entered
