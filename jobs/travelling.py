"""How options travel that `using()` changed for one job.

They stand as JSON in its payload.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from jobs.arguments import check_arguments
from jobs.errors import InvalidArguments
from jobs.payload import Payload

#: They are fields of the payload; all other options that `using()` changes travel in its `options`.
_FIELDS = frozenset({"queue", "priority"})
#: How a timedelta travels.
_SECONDS = "timedelta_seconds"


def travelling(changes: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return the options that travel with the job, as JSON. Raise InvalidArguments for others."""
    options = {
        name: {_SECONDS: value.total_seconds()} if isinstance(value, timedelta) else value
        for name, value in changes.items()
        if name not in _FIELDS
    }
    try:
        check_arguments(owner, (), options)
    except InvalidArguments as error:
        raise InvalidArguments(
            f"{error} An option that is not JSON can only be set on the job class."
        ) from error
    return options


def changes_of(payload: Payload) -> dict[str, Any]:
    """Return the options that `using()` changed for one job.

    Queue and priority are not among them, since they are fields of the payload.
    """
    return {
        name: timedelta(seconds=value[_SECONDS])
        if isinstance(value, dict) and value.keys() == {_SECONDS}
        else value
        for name, value in payload.options.items()
    }
