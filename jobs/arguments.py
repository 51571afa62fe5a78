"""Checks that arguments are JSON and come back unchanged. Called at enqueue, so the error shows the caller's line."""

import datetime
import decimal
import enum
import math
import uuid
from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Model

from jobs.errors import InvalidArguments

_REMEDIES: Sequence[tuple[type | tuple[type, ...], str]] = (
    (Model, "pass its primary key (value.pk) and load it in perform"),
    ((datetime.datetime, datetime.date, datetime.time), "pass value.isoformat()"),
    (datetime.timedelta, "pass value.total_seconds()"),
    ((decimal.Decimal, uuid.UUID), "pass str(value)"),
    (enum.Enum, "pass value.value"),
    (bytes, "store it elsewhere and pass its key"),
    (tuple, "pass a list: it would come back as one"),
    ((set, frozenset), "pass sorted(value)"),
)

_PLAIN = frozenset({str, bool, type(None)})
_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1


def check_arguments(job_class: str, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
    """Raise InvalidArguments, naming the argument and the remedy, unless every value is plain JSON."""
    for position, value in enumerate(args):
        if type(value) not in _PLAIN:
            _check(job_class, f"argument {position + 1}", value)
    for name, value in kwargs.items():
        if type(value) not in _PLAIN:
            _check(job_class, f"argument {name!r}", value)


def _check(job_class: str, where: str, value: object) -> None:
    for path, found, problem in _problems(where, value, depth=0):
        raise InvalidArguments(f"{job_class}: {path} is {_shown(found)}: {problem}.")


def _shown(value: object) -> str:
    text = repr(value)
    return f"{type(value).__qualname__} {text if len(text) <= 80 else text[:77] + '...'}"


def _problems(path: str, value: object, depth: int) -> Iterator[tuple[str, object, str]]:
    """Yield (path, value, what to do) for everything in `value` that JSON would lose or change."""
    kind = type(value)
    if kind in _PLAIN:
        return
    if depth > 100:
        yield path, kind, "it is nested more than 100 deep, or contains itself"
    elif kind is int:
        if not _MIN_INT <= value <= _MAX_INT:  # type: ignore[operator]  # kind is int
            yield path, value, "it does not fit into 64 bits; pass str(value)"
    elif kind is float:
        if not math.isfinite(value):  # type: ignore[arg-type]  # kind is float
            yield path, value, "JSON has no such number; pass None or a string"
    elif kind is list:
        for index, item in enumerate(value):  # type: ignore[arg-type]  # kind is list
            yield from _problems(f"{path}[{index}]", item, depth + 1)
    elif kind is dict:
        yield from _dict_problems(path, value, depth)  # type: ignore[arg-type]  # kind is dict
    else:
        yield path, value, _remedy(value)


def _dict_problems(path: str, value: dict[object, object], depth: int) -> Iterator[tuple[str, object, str]]:
    for key, item in value.items():
        if type(key) is not str:
            yield f"a key of {path}", key, "JSON has only strings as keys"
        yield from _problems(f"{path}[{key!r}]", item, depth + 1)


def _remedy(value: object) -> str:
    for kinds, remedy in _REMEDIES:
        if isinstance(value, kinds):
            return remedy
    return "it is not JSON; pass strings, numbers, booleans, None, lists or dicts of these"
