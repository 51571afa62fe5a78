"""Sends the signals of Django's tasks, as the backend of the task."""

from typing import Any

from django.dispatch import Signal

from jobs.contrib.django_tasks.versions import (
    AnyResult,
    BaseTaskBackend,
    task_backends,
)


def tell(signal: Signal, result: AnyResult) -> None:
    """Send a signal. A receiver that raises harms nobody: Django logs it."""
    signal.send_robust(sender_of(result), task_result=result)


def sender_of(result: AnyResult) -> type[Any]:
    """Return the class of the backend of a task.

    Its alias may be none of this process, or have an entry here that no backend takes.
    """
    try:
        return type(task_backends[result.backend])
    except Exception:  # noqa: BLE001  # the task runs all the same
        return BaseTaskBackend
