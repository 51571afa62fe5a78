"""Checks that arguments are JSON and come back unchanged. Called at enqueue, so the error shows the caller's line."""

import datetime
import decimal
import enum
import math
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from django.db.models import Model

from jobs.conf import get_settings
from jobs.errors import InvalidArguments
from jobs.redaction import REDACTED, is_secret

_REMEDIES: Sequence[tuple[type | tuple[type, ...], str]] = (
    (Model, "pass its primary key (value.pk) and load it in perform"),
    ((datetime.datetime, datetime.date, datetime.time), "pass value.isoformat()"),
    (datetime.timedelta, "pass value.total_seconds()"),
    ((decimal.Decimal, uuid.UUID), "pass str(value)"),
    (enum.Enum, "pass value.value"),
    (bytes, "store it elsewhere and pass its key"),
    (str, "pass a plain str of what it says"),
    (tuple, "pass a list: it would come back as one"),
    ((set, frozenset), "pass sorted(value)"),
)

_PLAIN = frozenset({bool, type(None)})
_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1


def check_arguments(
    job_class: str, args: Sequence[object], kwargs: Mapping[str, object], parameters: Sequence[str] = ()
) -> None:
    """Raise InvalidArguments, naming the argument and the remedy, unless every value is plain JSON.

    `parameters` are the names of the positional ones: the message does not quote the value of a secret.
    """
    for position, value in enumerate(args):
        if type(value) not in _PLAIN:
            name = parameters[min(position, len(parameters) - 1)] if parameters else ""
            _check(job_class, f"argument {position + 1}", value, name)
    for name, value in kwargs.items():
        if type(value) not in _PLAIN:
            _check(job_class, f"argument {name!r}", value, name)


def _check(job_class: str, where: str, value: object, name: str) -> None:
    for path, found, problem in _problems(where, value, depth=0):
        raise InvalidArguments(f"{job_class}: {path} is {_shown(found, f'{name} {path}')}: {problem}.")


def _shown(value: object, names: str) -> str:
    """Return a value for the message; one that is secret by its name, or whose own text speaks of a secret, is not."""
    text = repr(value)
    if is_secret(f"{names} {text}", get_settings().redact):
        text = REDACTED
    return f"{type(value).__qualname__} {text if len(text) <= 80 else text[:77] + '...'}"


def _problems(path: str, value: object, depth: int) -> Iterator[tuple[str, object, str]]:
    """Yield (path, value, what to do) for everything in `value` that JSON would lose or change."""
    kind = type(value)
    if depth > 100:
        yield path, kind, "it is nested more than 100 deep, or contains itself"
    elif kind is list:
        for index, item in enumerate(cast("list[object]", value)):
            yield from _problems(f"{path}[{index}]", item, depth + 1)
    elif kind is dict:
        yield from _dict_problems(path, cast("dict[object, object]", value), depth)
    elif problem := _SCALARS.get(kind, _remedy)(value):
        yield path, value, problem


def _dict_problems(path: str, value: dict[object, object], depth: int) -> Iterator[tuple[str, object, str]]:
    for key, item in value.items():
        if type(key) is not str:
            yield f"a key of {path}", key, "JSON has only strings as keys"
        elif problem := _text_problem(key):
            yield f"a key of {path}", key, problem
        yield from _problems(f"{path}[{key!r}]", item, depth + 1)


def _remedy(value: object) -> str:
    for kinds, remedy in _REMEDIES:
        if isinstance(value, kinds):
            return remedy
    return "it is not JSON; pass strings, numbers, booleans, None, lists or dicts of these"


def _text_problem(value: Any) -> str | None:
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, as os.fsdecode() makes them
        return "it is no valid Unicode; pass bytes of unknown origin as base64"
    return None


def _int_problem(value: Any) -> str | None:
    return None if _MIN_INT <= value <= _MAX_INT else "it does not fit into 64 bits; pass str(value)"


def _float_problem(value: Any) -> str | None:
    return None if math.isfinite(value) else "JSON has no such number; pass None or a string"


#: What may be wrong with values of exactly these types.
_SCALARS: Mapping[type, Callable[[Any], str | None]] = {
    str: _text_problem,
    int: _int_problem,
    float: _float_problem,
    bool: lambda _: None,
    type(None): lambda _: None,
}
