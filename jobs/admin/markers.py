"""Puts a marker for each secret into a form, and the secrets back afterwards.

    {"users": [{"name": "a", "password": "[redacted: kwargs.users[0].password]"}]}

A marker names the place of its secret in the original. So deleting one record cannot shift the
secret of the next one to it, and a marker can be followed by eye.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

from django.utils.translation import gettext as _

from jobs.conf import get_settings
from jobs.errors import InvalidArguments
from jobs.inspect import JobRecord
from jobs.payload import Payload
from jobs.redaction import MARK, Place, parameter_of, redacted_arguments
from jobs.text import shortened
from jobs.text_secrets import REDACTED

#: The longest form of a value in a change.
MOST_CHARACTERS = 100
#: Most changes that are told one by one. Somebody can look through so many.
MOST_CHANGES = 300
_ABSENT = "–"
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Change:
    """A place among the arguments that differs from the original, in words for people."""

    place: str
    before: str
    after: str


class Markers:
    """The arguments of a job with markers for secrets, and the way back.

    `args` and `kwargs` are what a form shows.
    """

    def __init__(self, job: JobRecord) -> None:
        """Hide the secrets of a job whose class is known."""
        self._payload = job.payload
        self._parameters = job.parameters
        #: Where the secret stands for which a text was put.
        self._places: dict[str, Place] = {}
        self.args, self.kwargs = self._redacted(job.payload, self._mark)

    def restored(self, args: list[Any], kwargs: dict[str, Any]) -> "Entered":
        """Return what was entered with its secrets put back.

        Raise InvalidArguments for a marker that has no original, was moved, altered or doubled.
        """
        restoring = _Restoring(self._payload, self._parameters, self._places)
        whole_args = [restoring.restore(arg, ("args", n)) for n, arg in enumerate(args)]
        whole_kwargs = restoring.restore(kwargs, ("kwargs",))
        return Entered(whole_args, whole_kwargs, tuple(map(written, restoring.kept)))

    def changes(self, args: list[Any], kwargs: dict[str, Any]) -> "Changes":
        """Return what differs between the original and what was entered, without secrets.

        It goes through both, so check first that they are not too long.
        """
        differing = self._differing(args, kwargs)
        first = tuple(
            Change(written(place), *_briefly(_shown(old), _shown(new)))
            for place, old, new in islice(differing, MOST_CHANGES)
        )
        return Changes(first, len(first) + sum(1 for _ in differing))

    def _redacted(self, payload: Payload, mask: Any) -> tuple[list[Any], dict[str, Any]]:
        return redacted_arguments(payload, self._parameters, get_settings().redact, mask)

    def _mark(self, place: Place, hidden: str | None) -> str:
        marker = f"{MARK}: {written(place)}]"
        text = marker if hidden is None else hidden.replace(REDACTED, marker)
        self._places[text] = place
        return text

    def _differing(
        self, args: list[Any], kwargs: dict[str, Any]
    ) -> Iterator[tuple[Place, Any, Any]]:
        """Yield each place that differs, with what stood there and what stands there now."""

        def mask(place: Place, hidden: str | None) -> str:
            entered = value_at({"args": args, "kwargs": kwargs}, place)
            if isinstance(entered, str) and entered in self._places:
                return entered
            return REDACTED if hidden is None else hidden

        shown_args, shown_kwargs = self._redacted(
            self._payload.changed(args=args, kwargs=kwargs), mask
        )
        before = dict([*_leaves(self.args, ("args",)), *_leaves(self.kwargs, ("kwargs",))])
        after = dict([*_leaves(shown_args, ("args",)), *_leaves(shown_kwargs, ("kwargs",))])
        for place in before | after:
            old, new = before.get(place, _MISSING), after.get(place, _MISSING)
            if _text_of(old) != _text_of(new):
                yield place, old, new


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from the original: the first places, and the number of all."""

    first: tuple[Change, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Entered:
    """The arguments of a copy, whole.

    `kept` names the places of the secrets that were left alone.
    """

    args: list[Any]
    kwargs: dict[str, Any]
    kept: tuple[str, ...]


class _Restoring:
    """One walk through what was entered, which puts each secret back at most once."""

    def __init__(self, original: Payload, parameters: Any, places: Mapping[str, Place]) -> None:
        self._original = {"args": original.args, "kwargs": original.kwargs}
        self._parameters = parameters
        self._places = places
        #: The places of the secrets that were put back. A dictionary finds one at once.
        self.kept: dict[Place, None] = {}

    def restore(self, value: Any, place: Place) -> Any:
        """Return a value with its secrets."""
        if isinstance(value, str):
            return self._restore_text(value, place)
        if isinstance(value, dict):
            for key in value:
                self._check_key(key, place)
            return {key: self.restore(item, (*place, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.restore(item, (*place, n)) for n, item in enumerate(value)]
        return value

    def _restore_text(self, text: str, place: Place) -> Any:
        if MARK not in text:
            return text
        origin = self._places.get(text)
        if origin is None:
            raise InvalidArguments(
                _(
                    "%(place)s: %(text)s stands for no secret of this job. Leave a marker exactly "
                    "as it was, or enter the value."
                )
                % {"place": written(place), "text": shortened(text)}
            )
        if self._names(origin) != self._names(place):
            raise InvalidArguments(
                _(
                    "%(place)s: the secret of %(origin)s may stand under its own name only. "
                    "Enter the value here."
                )
                % {"place": written(place), "origin": written(origin)}
            )
        if origin in self.kept:
            raise InvalidArguments(
                _(
                    "%(place)s: the secret of %(origin)s may be used only once. "
                    "Enter the value here."
                )
                % {"place": written(place), "origin": written(origin)}
            )
        self.kept[origin] = None
        return value_at(self._original, origin)

    def _check_key(self, key: str, place: Place) -> None:
        if MARK in key:
            raise InvalidArguments(
                _("%(place)s: a name may not contain %(mark)s.")
                % {"place": written((*place, key)), "mark": MARK}
            )

    def _names(self, place: Place) -> list[str]:
        """Return the names on the way to a place.

        By them its value is hidden or not. An argument by position goes by its parameter.
        """
        root, *rest = place
        if root == "args":
            position = int(rest.pop(0))
            rest.insert(0, parameter_of(position, self._parameters) or "")
        return [step for step in rest if isinstance(step, str)]


def written(place: Place) -> str:
    """Return a place in words: `kwargs.users[0].password`."""
    root, *steps = place
    return str(root) + "".join(map(_step, steps))


def value_at(root: Any, place: Place) -> Any:
    """Return what stands at a place."""
    for step in place:
        root = root[step]
    return root


def _step(step: str | int) -> str:
    if isinstance(step, str) and step.isidentifier():
        return f".{step}"
    return f"[{json.dumps(step)}]"


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Yield everything that holds nothing else, with its place."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*place, key))
    elif isinstance(value, list) and value:
        for n, item in enumerate(value):
            yield from _leaves(item, (*place, n))
    elif len(place) > 1:
        yield place, value


def _text_of(value: Any) -> str:
    return _ABSENT if value is _MISSING else json.dumps(value)


def _shown(value: Any) -> str:
    if value is _MISSING:
        return _ABSENT
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def _briefly(before: str, after: str) -> tuple[str, str]:
    """Return two texts shortened, with the place where they begin to differ."""
    pairs = zip(before, after, strict=False)
    same = sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], pairs))
    start = max(0, same - MOST_CHARACTERS // 4)
    if max(len(before), len(after)) <= MOST_CHARACTERS or not start:
        return shortened(before, MOST_CHARACTERS), shortened(after, MOST_CHARACTERS)
    ends = (f"…{text[start:]}" for text in (before, after))
    shown_before, shown_after = (shortened(end, MOST_CHARACTERS) for end in ends)
    return shown_before, shown_after
