"""The form in which somebody edits the arguments of a copy of a job."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jobs.admin.markers import Changes, Entered, Markers
from jobs.arguments import MOST_DEPTH
from jobs.errors import InvalidArguments
from jobs.inspect import JobRecord

#: What to enter, by the type that a field of JSON wants.
_WANTED: dict[type, Promise] = {
    list: _("Enter a list, such as [1, 2]."),
    dict: _('Enter an object, such as {"a": 1}.'),
}


class JsonField(forms.CharField):
    """A value as JSON of one type."""

    def __init__(self, kind: type, shown: Any, **options: Any) -> None:
        """Take the type, and the value to begin with."""
        self._kind = kind
        super().__init__(
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
            initial=json.dumps(shown, indent=2, ensure_ascii=False),
            **options,
        )

    def clean(self, value: Any) -> Any:
        """Return the value.

        Raise ValidationError for what is no JSON, of another type, or nested too deep.
        """
        text = super().clean(value)
        try:
            parsed = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(self._not_json(error)) from error
        except RecursionError as error:
            raise forms.ValidationError(_too_deep()) from error
        if not isinstance(parsed, self._kind):
            raise forms.ValidationError(str(_WANTED[self._kind]))
        if _is_too_deep(parsed):
            raise forms.ValidationError(_too_deep())
        return parsed

    def _not_json(self, error: ValueError) -> str:
        """Return where the text stops being JSON, and what to enter."""
        told = str(_WANTED[self._kind])
        if isinstance(error, json.JSONDecodeError):
            text = _("This is no JSON from line %(line)s, character %(column)s on.")
            told = f"{text % {'line': error.lineno, 'column': error.colno}} {told}"
        return told


class RunAgainForm(forms.Form):
    """The arguments of the copy of a job, with markers for its secrets.

    Once it is valid, `entered` has the arguments with the secrets.
    """

    entered: Entered

    def __init__(self, job: JobRecord, data: Mapping[str, Any] | None = None) -> None:
        """Make a form with the arguments of this job, whose class is known."""
        super().__init__(data)
        self._markers = Markers(job)
        self.fields["args"] = JsonField(list, self._markers.args, label=_("Positional arguments"))
        self.fields["kwargs"] = JsonField(dict, self._markers.kwargs, label=_("Arguments by name"))

    def clean(self) -> dict[str, Any]:
        """Put the secrets back, or raise ValidationError where that is not to be done."""
        cleaned = self.cleaned_data
        if not self.errors:
            try:
                self.entered = self._markers.restored(cleaned["args"], cleaned["kwargs"])
            except InvalidArguments as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned

    def changes(self) -> Changes:
        """Return what a valid form changes.

        It costs time with the length of the arguments, so check that first.
        """
        return self._markers.changes(self.cleaned_data["args"], self.cleaned_data["kwargs"])


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _depth in range(MOST_DEPTH + 1):
        nested = [each for each in level if isinstance(each, dict | list)]
        level = [
            item for each in nested for item in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _too_deep() -> str:
    return str(_("It is nested more than %(most)s deep.") % {"most": MOST_DEPTH})
