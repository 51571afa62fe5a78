"""Asks the project's own function who may see and change which queue.

The setting QUEUE_ACCESS names it. The control room asks it; workers and commands never do.
"""

import functools
from collections.abc import Callable

from jobs.conf import get_settings, until_settings_change
from jobs.events import HandlerFailed, emit
from jobs.handlers import load_function
from jobs.text import shown_error


def may_see_queue(user: object, queue: str) -> bool:
    """Return whether somebody may see and change a queue.

    Without the setting everybody may. A function that raises lets nobody in, which is logged.
    """
    function = _load()
    if function is None:
        return True
    try:
        return bool(function(user, queue))
    except Exception as error:  # noqa: BLE001  # the code is not ours
        emit(HandlerFailed(get_settings().queue_access, shown_error(error), raised=error))
        return False


def limits_queues() -> bool:
    """Return whether the setting names a function at all.

    Raise ConfigurationError when it cannot be imported.
    """
    return _load() is not None


@until_settings_change
@functools.cache
def _load() -> Callable[[object, str], object] | None:
    path = get_settings().queue_access
    return load_function(path) if path else None
