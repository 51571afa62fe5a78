"""The search field: `class:orders.CompleteOrderJob error:"read timed out" 880001`.

It is read into the fields of the filter, and written from them. Words without a name are words of
the arguments.
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

#: What people write, and the field of the filter.
NAMES = {
    "class": "job_class",
    "queue": "queue",
    "error": "error",
    "id": "job_id",
    "arg": "text",
}
#: Names with nothing behind them, where somebody typed a space.
_ALONE = frozenset(f"{name}:" for name in NAMES)
_TERM = re.compile(r'(?:(?P<name>[^\W\d_]+):(?!//))?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S+))')


class QueryError(ValueError):
    """A text in the search field that cannot be understood."""


def read_query(text: str) -> dict[str, str]:
    """Return the fields of the filter that a text asks for.

    Raise QueryError for a name that is unknown, stands alone, or comes twice.
    """
    fields: dict[str, str] = {}
    for term in _TERM.finditer(text):
        field, value = _read(term)
        if field != "text" and field in fields:
            message = _("%(term)s: it can be asked for once, and here it is twice.")
            raise QueryError(message % {"term": term[0]})
        fields[field] = f"{fields[field]} {value}" if field in fields else value
    return fields


def _read(term: re.Match[str]) -> tuple[str, str]:
    name, quoted, plain = term["name"], term["quoted"], term["plain"]
    value = plain if quoted is None else quoted
    if name is None and plain in _ALONE:
        message = _("Write behind %(name)s what to look for, without a space.")
        raise QueryError(message % {"name": plain})
    if name is None:
        return "text", value
    if name not in NAMES:
        known = " ".join(f"{each}:" for each in NAMES)
        message = _(
            "There is no %(name)s: to search by. There are %(known)s. "
            'For the words themselves put them in quotes: "%(term)s".'
        )
        raise QueryError(message % {"name": name, "known": known, "term": term[0]})
    return NAMES[name], value


def write_query(fields: Mapping[str, str]) -> str | None:
    """Return a text that asks for these fields, or None if there is none."""
    terms = []
    for name, field in NAMES.items():
        value = fields.get(field, "")
        if field == "text":
            terms += [_quoted(word) if ":" in word else word for word in value.split()]
        elif value:
            terms.append(f"{name}:{_quoted(value) if _needs_quotes(value) else value}")
    text = " ".join(terms)
    asked = {field: fields[field] for field in NAMES.values() if fields.get(field)}
    if "text" in asked:
        asked["text"] = " ".join(asked["text"].split())
    try:
        return text if read_query(text) == asked else None
    except QueryError:
        return None


def _needs_quotes(value: str) -> bool:
    return any(map(str.isspace, value))


def _quoted(value: str) -> str:
    return f'"{value}"'
