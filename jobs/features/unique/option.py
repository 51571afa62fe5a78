"""The option `unique` of a job class, checked where it is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, cast, get_args

import orjson

from jobs.errors import InvalidJob
from jobs.options import A_DURATION, JobOptions, is_duration
from jobs.parameters import parameters_of
from jobs.store import Conflict
from jobs.text import brief

Until = Literal["done", "start"] | timedelta
#: What takes the place of a job that waits. It would lose the newest arguments to one that runs.
_REPLACING = frozenset({"replace", "debounce"})
#: The shortest window. Redis counts milliseconds.
_SHORTEST = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, init=False)
class Unique:
    """By what, until when, and what happens to a second job.

    `by` names the parameters of `perform` that count, all of them by default. The place
    is taken until the job is `done` (or dead), until its `start`, or for a window of time
    since the enqueue. On a conflict `enqueue` returns the job that is there, raises
    DuplicateJob, lets the new job replace it, or debounces: the new job replaces it and
    waits for `delay` again, but no more than `max_wait` since the first. The last two
    imply until="start". Raise InvalidJob.
    """

    by: tuple[str, ...] | None = None
    until: Until | None = None
    on_conflict: Conflict = "return"
    delay: timedelta | None = None
    max_wait: timedelta | None = None

    def __init__(
        self,
        *,
        by: Iterable[str] | None = None,
        until: Until | None = None,
        on_conflict: Conflict = "return",
        delay: timedelta | None = None,
        max_wait: timedelta | None = None,
    ) -> None:
        """Check the values, and fill in what they imply."""
        _check_conflict(on_conflict)
        is_replacing = on_conflict in _REPLACING
        put = object.__setattr__
        put(self, "by", _names(by))
        put(self, "until", _checked_until(until, on_conflict, is_replacing=is_replacing))
        put(self, "on_conflict", on_conflict)
        _check_times(on_conflict, delay, max_wait)
        put(self, "delay", delay)
        put(self, "max_wait", max_wait)


def _check_conflict(on_conflict: object) -> None:
    known = get_args(Conflict)
    if not isinstance(on_conflict, str) or on_conflict not in known:
        names = ", ".join(map(repr, known))
        raise InvalidJob(f"Unique: on_conflict must be one of {names}, not {brief(on_conflict)}.")


def _names(by: object) -> tuple[str, ...] | None:
    if by is None:
        return None
    if isinstance(by, str) or not isinstance(by, Iterable):
        hint = f"; write by=({by!r},)" if isinstance(by, str) else ""
        raise InvalidJob(f"Unique: by must be a tuple of parameter names, not {brief(by)}{hint}.")
    names = tuple(by)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise InvalidJob(f"Unique: by must be names of parameters, each once, not {brief(names)}.")
    return names


def _checked_until(until: object, on_conflict: str, *, is_replacing: bool) -> Until:
    if until is None:
        return "start" if is_replacing else "done"
    is_window = isinstance(until, timedelta) and until >= _SHORTEST and is_duration(until)
    if not (is_window or (isinstance(until, str) and until in {"done", "start"})):
        raise InvalidJob(
            f"Unique: until must be 'done', 'start' or {A_DURATION}, not {brief(until)}."
        )
    if is_replacing and until != "start":
        raise InvalidJob(
            f"Unique: on_conflict={on_conflict!r} needs until='start', not {brief(until)}: while a "
            "job runs with older arguments, the new ones would be lost."
        )
    return cast(Until, until)


def _check_times(on_conflict: str, delay: object, max_wait: object) -> None:
    if on_conflict != "debounce":
        if delay is not None or max_wait is not None:
            raise InvalidJob("Unique: delay and max_wait are for on_conflict='debounce' alone.")
        return
    for name, value in (("delay", delay), ("max_wait", max_wait)):
        if value is None:
            raise InvalidJob(
                "Unique: on_conflict='debounce' needs delay and max_wait, both timedeltas: "
                "without a longest wait, a steady stream would put the job off for ever."
            )
        if not is_duration(value):
            raise InvalidJob(f"Unique: {name} must be {A_DURATION}, not {brief(value)}.")
    if cast(timedelta, max_wait) < cast(timedelta, delay):
        raise InvalidJob(f"Unique: max_wait ({max_wait}) is shorter than delay ({delay}).")


def fit(job_class: type[Any], unique: Unique, _options: JobOptions) -> None:
    """Raise InvalidJob where a class cannot be unique so."""
    if problem := _misfit(unique, job_class):
        raise InvalidJob(f"{job_class.__qualname__}: option 'unique' {problem}")


def _misfit(unique: Unique, job_class: type) -> str:
    """Say why a class cannot be unique so, or nothing."""
    parameters = parameters_of(cast(Any, job_class))
    unknown = [name for name in unique.by or () if name not in parameters.all_names]
    if unknown:
        names = ", ".join(parameters.all_names) or "none"
        return f"names {', '.join(map(repr, unknown))}, but the parameters of perform are: {names}."
    counting = parameters.all_names if unique.by is None else unique.by
    for name, default in parameters.defaults.items():
        if name in counting and not _is_json(default):
            return (
                f"counts the parameter {name!r}, whose default {brief(default)} is not JSON. "
                "Leave it out of by=(…), or give it another default."
            )
    return ""


def _is_json(value: object) -> bool:
    try:
        orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:
        return False
    return True
