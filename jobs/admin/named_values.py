"""Values under the names by which people know them.

They are arguments, and what travelled with a job.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jobs.inspect import JobRecord
from jobs.occasion import without_occasion
from jobs.redaction import redact

#: Most values that stand in lines of their own. More are one text in JSON.
MOST_LINES = 50
#: A longer value stands in a box of its own.
SHORT = 80


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A value as JSON, under its name."""

    name: str
    text: str

    @property
    def is_long(self) -> bool:
        """Whether it needs more than a line."""
        return len(self.text) > SHORT or "\n" in self.text


def arguments_of(job: JobRecord) -> tuple[NamedValue, ...]:
    """Return the arguments of a job by the names of its parameters, without secrets.

    Those beyond the last parameter are numbered under its name: `words[1]`.
    """
    values = [*_positional(job.args, job.parameters), *job.kwargs.items()]
    return _lines(values, {"args": job.args, "kwargs": job.kwargs}, _("All arguments"))


def context_of(job: JobRecord, secrets: Sequence[str]) -> tuple[NamedValue, ...]:
    """Return what travelled with a job, without secrets and without its schedule.

    A context variable goes by the last part of its path.
    """
    context = redact(without_occasion(job.payload.context), secrets)
    variables = context.get("variables")
    if not isinstance(variables, Mapping):
        return _lines([*context.items()], context, _("Context"))
    others = [(name, value) for name, value in context.items() if name != "variables"]
    named = [(path.rpartition(".")[2], value) for path, value in variables.items()]
    return _lines([*others, *named], context, _("Context"))


def as_json(value: Any) -> str:
    """Return a value as JSON for people, which is empty for an empty one."""
    return _json(value) if value else ""


def _positional(args: Sequence[Any], parameters: Sequence[str]) -> Iterator[tuple[str, Any]]:
    known = parameters or ("args",)
    last = len(known) - 1
    has_more = len(args) > len(parameters)
    for n, value in enumerate(args):
        is_numbered = n >= last and has_more
        yield (f"{known[last]}[{n - last}]" if is_numbered else known[n]), value


def _lines(values: Sequence[tuple[str, Any]], whole: Any, name: str) -> tuple[NamedValue, ...]:
    if len(values) > MOST_LINES:
        return (NamedValue(name, _json(whole)),)
    return tuple(NamedValue(key, _json(value)) for key, value in values)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except RecursionError:
        return _("It is nested too deep to be shown.")
