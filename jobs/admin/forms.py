"""The forms of the control room.

They ask what to show of a set, and when to run a job.
"""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.errors import InvalidArguments
from jobs.inspect import Filter, shape
from jobs.inspect.filter import MOST_CHARACTERS, MOST_WORDS, words_in
from jobs.options import check_moment

#: How a browser's own field for date and time writes them.
BROWSER_FORMAT = "%Y-%m-%dT%H:%M"
TIME_FORMATS = [
    BROWSER_FORMAT,
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
]


class BrowserTimeField(forms.DateTimeField):
    """A moment in the project's time zone, entered in the browser's own field."""

    def __init__(self, **options: Any) -> None:
        """Make the field.

        It takes the same options as any field.
        """
        widget = forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": "1"}, format=BROWSER_FORMAT
        )
        super().__init__(input_formats=TIME_FORMATS, widget=widget, **options)


class UniqueForm(forms.Form):
    """Which places of unique jobs are to be shown.

    It is read from the address.
    """

    job_class = forms.CharField(label=_("Job class"), required=False, max_length=MOST_CHARACTERS)
    queue = forms.CharField(label=_("Queue"), required=False, max_length=MOST_CHARACTERS)

    def wanted(self) -> tuple[str, str]:
        """Return the job class and the queue, each empty for all.

        A field that cannot be understood shows its error, and counts as empty.
        """
        self.is_valid()
        return self.cleaned_data.get("job_class", ""), self.cleaned_data.get("queue", "")


class FilterForm(forms.Form):
    """What a job must have to be shown.

    It is read from the address, so that a filter can be kept as a bookmark.
    """

    queue = forms.CharField(label=_("Queue"), required=False, max_length=MOST_CHARACTERS)
    job_class = forms.CharField(label=_("Job class"), required=False, max_length=MOST_CHARACTERS)
    error = forms.CharField(label=_("Error"), required=False, max_length=MOST_CHARACTERS)
    text = forms.CharField(label=_("Arguments"), required=False, max_length=MOST_CHARACTERS)
    since = BrowserTimeField(label=_("From"), required=False)
    until = BrowserTimeField(label=_("Until"), required=False)
    error_class = forms.CharField(  # type: ignore[assignment]  # no attribute
        required=False, widget=forms.HiddenInput, max_length=MOST_CHARACTERS
    )
    shape = forms.CharField(
        required=False, widget=forms.HiddenInput, max_length=shape.MOST_CHARACTERS
    )

    def clean_text(self) -> str:
        """Return the words, or raise ValidationError for too many different ones."""
        text: str = self.cleaned_data["text"]
        count = len(words_in(text))
        if count > MOST_WORDS:
            raise forms.ValidationError(
                _("At most %(most)s different words can be searched for, and these are %(count)s.")
                % {"most": MOST_WORDS, "count": count}
            )
        return text

    def filter(self, queue: str = "") -> Filter | None:
        """Return the filter, or None if something entered cannot be understood.

        A queue given here counts instead of the one that was entered.
        """
        if not self.is_valid():
            return None
        entered = self.cleaned_data
        return Filter(**{**entered, "queue": queue or entered["queue"]})


class RescheduleForm(forms.Form):
    """The time at which a job is to run."""

    at = BrowserTimeField(
        label=_("Run at"),
        error_messages=dict.fromkeys(
            ("required", "invalid"), _("Enter the date and time at which it shall run.")
        ),
    )

    def clean_at(self) -> datetime:
        """Return the time, or raise ValidationError for one that no job can have."""
        try:
            return check_moment(self.cleaned_data["at"], str(self.fields["at"].label))
        except InvalidArguments as error:
            text = _("The time must lie between 1970 and 100 years from now.")
            raise forms.ValidationError(text) from error
