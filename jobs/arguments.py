"""Checks that arguments are JSON and come back unchanged.

Called at enqueue, so that the error shows the caller's line.

The work is bounded: once what was seen must take more bytes than any payload may have, nothing more
is looked at. A list that holds the same list again and again may stand for millions of values.
"""

import datetime
import decimal
import enum
import math
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise

from jobs.conf import get_settings
from jobs.errors import InvalidArguments
from jobs.redaction import is_secret
from jobs.text import brief, shortened
from jobs.text_secrets import REDACTED

_REMEDIES: Sequence[tuple[type | tuple[type, ...], str]] = (
    (Model, "pass its primary key (value.pk) and load it in perform"),
    ((datetime.datetime, datetime.date, datetime.time), "pass value.isoformat()"),
    (datetime.timedelta, "pass value.total_seconds()"),
    ((decimal.Decimal, uuid.UUID, Promise), "pass str(value)"),
    (enum.Enum, "pass value.value"),
    (bytes, "store it elsewhere and pass its key"),
    (str, "pass a plain str of what it says"),
    (int, "pass int(value): it would come back as one"),
    (float, "pass float(value): it would come back as one"),
    (tuple, "pass a list: it would come back as one"),
    (list, "pass list(value): it would come back as one"),
    (dict, "pass dict(value): it would come back as one"),
    ((set, frozenset), "pass sorted(value)"),
)

_PLAIN = frozenset({str, int, bool, type(None)})
_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1
#: The deepest nesting of an argument.
MOST_DEPTH = 100
#: Characters of a text that is not worth counting when it stands alone.
_SHORT = 1_000
#: Longest path to a value in a message.
_MOST_PATH = 100


class _Misfit(Exception):
    """Something in an argument that JSON would change.

    `steps` lead to it, the last one first.
    """

    def __init__(self, value: object, problem: str, *, is_key: bool = False) -> None:
        super().__init__(problem)
        self.value, self.problem, self.is_key = value, problem, is_key
        self.steps: list[str] = []


class _TooLarge(Exception):
    """The arguments must take more bytes than any payload may have."""


def are_plain(values: Collection[Any]) -> bool:
    """Tell of most arguments that they are well, but for what the encoder sees.

    It sees whole numbers beyond 64 bits and texts that are no Unicode.
    """
    kinds = set(map(type, values))
    if str in kinds and not all(type(v) is not str or len(v) < _SHORT for v in values):
        return False
    return kinds <= _PLAIN


def check_arguments(
    job_class: str,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    parameters: Sequence[str] = (),
    *,
    are_secret: bool = False,
) -> None:
    """Raise InvalidArguments, naming the argument and the remedy, unless every value is plain JSON.

    `parameters` are the names of the positional ones: the message does not quote the value of a
    secret. Where all `are_secret`, it quotes nothing that is in an argument.
    """
    left: int | None = None
    for position, value in enumerate(args):
        if not _is_simple(value):
            known = None if are_secret else _name_of(position, parameters)
            left = _check(job_class, f"argument {position + 1}", value, known, left)
    for name, value in kwargs.items():
        if type(name) is not str:
            kind = type(name).__qualname__
            raise InvalidArguments(
                f"{job_class}: the name of an argument is of type {kind}; pass a plain str."
            )
        if not name.isascii() and (problem := _text_problem(name)):
            raise InvalidArguments(f"{job_class}: the name of argument {brief(name)}: {problem}.")
        if not _is_simple(value):
            known = None if are_secret else name
            left = _check(job_class, f"argument {brief(name)}", value, known, left)


def _name_of(position: int, parameters: Sequence[str]) -> str:
    """Return the name of a positional argument, empty where it is not known."""
    return parameters[min(position, len(parameters) - 1)] if parameters else ""


def _is_simple(value: object) -> bool:
    """Tell of most arguments that they are well, without much ado."""
    kind = type(value)
    if kind is int:
        return _MIN_INT <= value <= _MAX_INT  # type: ignore[operator]  # it is an int
    if kind is str:
        return str.isascii(value) and len(value) < _SHORT  # type: ignore[arg-type]  # it is a str
    return kind is bool or kind is type(None)


def _check(job_class: str, where: str, value: object, name: str | None, left: int | None) -> int:
    """Return how many bytes are left after this argument.

    Its name tells whether it may be quoted. Without a name it may not.
    """
    most = get_settings().max_payload_bytes
    try:
        # Twice as many, so that the size of what is not much too large is told to the byte.
        return _walk(value, 2 * most if left is None else left, 0)
    except _TooLarge:
        raise InvalidArguments(
            f"{job_class}: the payload has more than {2 * most:,} bytes, and "
            f"JOBS['MAX_PAYLOAD_BYTES'] is {most:,}. Store the data elsewhere and pass its key."
        ) from None
    except _Misfit as misfit:
        path = where if name is None else where + "".join(reversed(misfit.steps))
        found = _shown(misfit.value, None if name is None else f"{name} {path}")
        path = f"{'a key of ' if misfit.is_key else ''}{shortened(path, _MOST_PATH)}"
        raise InvalidArguments(f"{job_class}: {path} is {found}: {misfit.problem}.") from None


def _shown(value: object, names: str | None) -> str:
    """Return a value for the message.

    It is hidden if its names, or its own text, speak of a secret, and where there are no names.
    """
    text = REDACTED if names is None else brief(value, most=1_000)
    if names is not None and is_secret(f"{names} {text}", get_settings().redact):
        text = REDACTED
    return f"{type(value).__qualname__} {shortened(text)}"


def _walk(value: object, left: int, depth: int) -> int:
    """Return how many bytes are left after a value. Raise _TooLarge or _Misfit."""
    walk = _WALKS.get(type(value))
    if walk is None:
        raise _Misfit(value, _remedy(value))
    left = walk(value, left, depth)
    if left < 0:
        raise _TooLarge
    return left


def _walk_list(value: list[object], left: int, depth: int) -> int:
    _check_depth(value, depth)
    for index, item in enumerate(value):
        try:
            left = _walk(item, left, depth + 1)
        except _Misfit as misfit:
            misfit.steps.append(f"[{index}]")
            raise
    return left - 2


def _walk_dict(value: dict[object, object], left: int, depth: int) -> int:
    _check_depth(value, depth)
    for key, item in value.items():
        if type(key) is not str:
            raise _Misfit(key, "JSON has only strings as keys", is_key=True)
        if not key.isascii() and (problem := _text_problem(key)):
            raise _Misfit(key, problem, is_key=True)
        try:
            left = _walk(item, left - len(key) - 3, depth + 1)
        except _Misfit as misfit:
            misfit.steps.append(f"[{brief(key)}]")
            raise
    return left - 2


def _check_depth(value: object, depth: int) -> None:
    if depth >= MOST_DEPTH:
        problem = f"it is nested more than {MOST_DEPTH} deep, or contains itself"
        raise _Misfit(type(value), problem)


def _walk_text(value: str, left: int, _: int) -> int:
    left -= len(value) + 3
    if left >= 0 and not value.isascii() and (problem := _text_problem(value)):
        raise _Misfit(value, problem)
    return left


def _walk_int(value: int, left: int, _: int) -> int:
    if not _MIN_INT <= value <= _MAX_INT:
        raise _Misfit(value, "it does not fit into 64 bits; pass str(value)")
    return left - 2


def _walk_float(value: float, left: int, _: int) -> int:
    if not math.isfinite(value):
        raise _Misfit(value, "JSON has no such number; pass None or a string")
    return left - 4


def _walk_plain(_: object, left: int, __: int) -> int:
    return left - 5


def _remedy(value: object) -> str:
    for kinds, remedy in _REMEDIES:
        if isinstance(value, kinds):
            return remedy
    return "it is not JSON; pass strings, numbers, booleans, None, lists or dicts of these"


def _text_problem(value: str) -> str | None:
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, as os.fsdecode() makes them
        return "it is no valid Unicode; pass bytes of unknown origin as base64"
    return None


#: How values of exactly these types are checked.
#: Each counts the fewest bytes that it takes, a comma included.
_WALKS: Mapping[type, Callable[[Any, int, int], int]] = {
    str: _walk_text,
    int: _walk_int,
    float: _walk_float,
    bool: _walk_plain,
    type(None): _walk_plain,
    list: _walk_list,
    dict: _walk_dict,
}
