"""Values on their way through JSON, as Django's tasks know it."""

import json
from typing import Any

from jobs.contrib.django_tasks.versions import normalize_json
from jobs.payload import dumps


def plain(value: Any) -> Any:
    """Return a value as it comes out of JSON.

    Django's own function leaves keys that are numbers, and NaN, so the value goes through JSON
    here. Raise TypeError or ValueError for what is none.
    """
    try:
        normal = normalize_json(value)
        if normal is None or type(normal) in {str, int, bool}:
            return normal
        return json.loads(json.dumps(normal, allow_nan=False), object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("The value is nested too deeply, or contains itself.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON. Raise ValueError where it would lose a value."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("A dictionary has keys that are the same in JSON, such as 1 and '1'.")
    return made


def plain_return(value: Any, most_bytes: int) -> Any:
    """Return what a task returned as it is kept.

    Raise TypeError or ValueError for what cannot be kept.
    """
    kept = plain(value)
    size = len(dumps([kept])) - 2  # as deep as the payload has it
    if size > most_bytes:
        raise ValueError(
            f"The task returned {size:,} bytes, more than JOBS['MAX_PAYLOAD_BYTES'] = "
            f"{most_bytes:,}. Store the data elsewhere and return its key."
        )
    return kept
