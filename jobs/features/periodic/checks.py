"""System checks of schedules. They need no Redis."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.features.periodic.entries import Entry, entries


def check_schedules(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return a warning for each schedule that never ticks, or whose queue nobody serves.

    jobs.W003 is an expression that names no day of the next 50 years, W004 a queue that JOBS
    has nobody serve.
    """
    return [message for entry in entries() for message in _check(entry)]


def _check(entry: Entry) -> Iterator[CheckMessage]:
    if entry.schedule.next_after(int(time.time() * 1000)) is None:
        yield CheckWarning(
            f"The schedule {entry.name} never ticks: {entry.schedule.clock}.",
            hint="Correct the expression, or delete the schedule.",
            id="jobs.W003",
        )
    if entry.queue not in _served():
        yield CheckWarning(
            f"The schedule {entry.name} makes jobs for the queue {entry.queue!r}, which neither "
            "JOBS['QUEUES'] nor JOBS['CAPSULES'] names.",
            hint=(
                "Add the queue there, or change that of the job class. If workers get it by "
                "runjobs -q or --capsule, add jobs.W004 to SILENCED_SYSTEM_CHECKS."
            ),
            id="jobs.W004",
        )


def _served() -> frozenset[str]:
    """Return the queues that `runjobs` serves by itself."""
    try:
        return frozenset(get_settings().served_queues)
    except ConfigurationError:  # another check says what is wrong
        return frozenset({entry.queue for entry in entries()})
