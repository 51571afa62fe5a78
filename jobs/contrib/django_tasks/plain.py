"""Values on their way through JSON, as Django's tasks know it."""

import json
from typing import Any

from jobs.contrib.django_tasks.versions import normalize_json
from jobs.payload import dumps

#: What comes out of JSON as it went in.
_SCALARS = frozenset({str, int, bool, type(None)})


def plain(value: Any) -> Any:
    """Return a value as it comes out of JSON.

    Django's own function leaves keys that are numbers, and NaN, so the value goes through JSON
    here. Raise TypeError or ValueError for what is none.
    """
    if type(value) in _SCALARS:
        return value
    # The way of most arguments: JSON would take longer than the rest of an enqueue.
    if type(value) in {list, tuple} and _SCALARS.issuperset(map(type, value)):
        return [*value]
    if type(value) is dict and _are_plain_items(value):
        return {**value}
    try:
        text = json.dumps(normalize_json(value), allow_nan=False)
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("The value is nested too deeply, or contains itself.") from None


def _are_plain_items(found: dict[Any, Any]) -> bool:
    return {str}.issuperset(map(type, found)) and _SCALARS.issuperset(map(type, found.values()))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON. Raise ValueError where it would lose a value."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("A dictionary has keys that are the same in JSON, such as 1 and '1'.")
    return made


def plain_metadata(value: Any, most_bytes: int) -> dict[str, Any]:
    """Return the metadata of a task as they are kept. Raise TypeError or ValueError."""
    if not isinstance(value, dict):
        raise TypeError(f"The metadata of a task must be a dict, not {type(value).__name__}.")
    kept: dict[str, Any] = _within(plain(value), most_bytes, "has metadata of")
    return kept


def plain_return(value: Any, most_bytes: int) -> Any:
    """Return what a task returned as it is kept.

    Raise TypeError or ValueError for what cannot be kept.
    """
    if value is None or type(value) is bool:  # what most tasks return
        return value
    return _within(plain(value), most_bytes, "returned")


def _within(kept: Any, most_bytes: int, what: str) -> Any:
    size = len(dumps([kept])) - 2  # as deep as the payload has it
    if size > most_bytes:
        raise ValueError(
            f"The task {what} {size:,} bytes, more than JOBS['MAX_PAYLOAD_BYTES'] = "
            f"{most_bytes:,}. Store the data elsewhere and return its key."
        )
    return kept
