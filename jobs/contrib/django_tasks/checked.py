"""Tasks that were checked, so that an enqueue need not check them again.

A task is a value and does not change. What is remembered holds under the settings of now.
"""

from dataclasses import dataclass
from typing import Any

from jobs.conf import JobsSettings, get_settings
from jobs.contrib.django_tasks.versions import AnyTask
from jobs.errors import ConfigurationError

#: Most tasks that are remembered. A project that makes one for each call fills it, and it begins
#: anew.
MOST = 1_000


@dataclass(slots=True)
class Checked:
    """A task that suits a backend, and what enqueues its jobs."""

    task: AnyTask
    alias: str
    settings: JobsSettings
    commit: str | None = None
    configured: Any = None


class CheckedTasks:
    """The tasks of this process that were checked, by their identity.

    Threads share it: each step is one of the interpreter's.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._known: dict[int, Checked] = {}

    def find(self, task: AnyTask, alias: str) -> Checked | None:
        """Return what is known of a task, None if it has to be checked."""
        known = self._known.get(id(task))
        if known is None or known.task is not task or known.alias != alias:
            return None
        try:
            return known if known.settings is get_settings() else None
        except ConfigurationError:  # the enqueue says what is wrong
            return None

    def add(self, task: AnyTask, alias: str) -> None:
        """Remember a task that is right.

        One with a time is for one call, and depends on USE_TZ.
        """
        if task.run_after is not None:
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[id(task)] = Checked(task, alias, get_settings())


checked_tasks = CheckedTasks()
