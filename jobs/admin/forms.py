"""The forms of the control room.

They ask what to show of a set, and when to run a job.
"""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.admin.query import NAMES, QueryError, read_query, write_query
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

    It is read from the address, so that a filter can be kept as a bookmark. People write into `q`;
    the fields that `q` has names for are there for links.
    """

    q = forms.CharField(label=_("Search"), required=False, max_length=4 * MOST_CHARACTERS)
    queue = forms.CharField(label=_("Queue"), required=False, max_length=MOST_CHARACTERS)
    job_class = forms.CharField(label=_("Job class"), required=False, max_length=MOST_CHARACTERS)
    error = forms.CharField(label=_("Error"), required=False, max_length=MOST_CHARACTERS)
    text = forms.CharField(label=_("Arguments"), required=False, max_length=MOST_CHARACTERS)
    job_id = forms.CharField(label=_("Job id"), required=False, max_length=MOST_CHARACTERS)
    since = BrowserTimeField(label=_("From"), required=False)
    until = BrowserTimeField(label=_("Until"), required=False)
    error_class = forms.CharField(  # type: ignore[assignment]  # no attribute
        required=False, widget=forms.HiddenInput, max_length=MOST_CHARACTERS
    )
    shape = forms.CharField(
        required=False, widget=forms.HiddenInput, max_length=shape.MOST_CHARACTERS
    )

    def clean(self) -> dict[str, Any]:
        """Put what `q` asks for into the fields.

        What cannot be understood becomes an error of the form.
        """
        entered = self.cleaned_data
        try:
            asked = read_query(entered.pop("q", ""))
        except QueryError as error:
            self.add_error("q", str(error))
            return entered
        for name, value in asked.items():
            if entered.get(name, "") not in {"", value}:
                message = _("%(value)s: the address asks for something else too.")
                self.add_error("q", message % {"value": value})
            elif len(value) > MOST_CHARACTERS:
                message = _("Search for at most %(most)s characters at once.")
                self.add_error("q", message % {"most": MOST_CHARACTERS})
            entered[name] = value
        self._check_words(entered.get("text", ""), "q" if "text" in asked else "text")
        return entered

    def _check_words(self, text: str, name: str) -> None:
        count = len(words_in(text))
        if count > MOST_WORDS:
            message = _(
                "At most %(most)s different words can be searched for, and these are %(count)s."
            )
            self.add_error(name, message % {"most": MOST_WORDS, "count": count})

    def filter(self, queue: str = "") -> Filter | None:
        """Return the filter, or None if something entered cannot be understood.

        A queue given here counts instead of the one that was entered.
        """
        if not self.is_valid():
            return None
        entered = self.cleaned_data
        return Filter(**{**entered, "queue": queue or entered["queue"]})

    @property
    def query(self) -> str:
        """What stands in the search field: all that is asked for."""
        written = write_query(self.cleaned_data) if self.is_valid() else None
        return self["q"].value() or "" if written is None else written

    @property
    def beside_query(self) -> dict[str, str]:
        """The fields that the search field cannot hold, to be sent with it."""
        names = ["error_class", "shape"]
        if not self.is_valid() or write_query(self.cleaned_data) is None:
            names += [name for name in NAMES.values() if name in self.fields]
        return {
            name: self[name].value() for name in names if name in self.fields and self[name].value()
        }


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
