"""System checks of bounds. They need no Redis."""

import difflib
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.registry import registry


def check_bounds(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return a warning for each limit of a queue that nothing names.

    jobs.W005: it is likely to be misspelt, and then nothing is limited.
    """
    try:
        settings = get_settings()
    except ConfigurationError:  # another check says what is wrong
        return []
    known = sorted({*settings.served_queues, *registry.queues()})
    unknown = [queue for queue in settings.queue_limits if queue not in known]
    return [_warning(queue, known) for queue in unknown]


def _warning(queue: str, known: Sequence[str]) -> CheckMessage:
    near = difflib.get_close_matches(queue, known, n=1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    return CheckWarning(
        f"JOBS['QUEUE_LIMITS'] names the queue {queue!r}, but neither a job class nor "
        "JOBS['QUEUES'] does.",
        hint=(
            f"{meant}If jobs get there by using(queue=…) or a middleware, add jobs.W005 to "
            "SILENCED_SYSTEM_CHECKS."
        ),
        id="jobs.W005",
    )
