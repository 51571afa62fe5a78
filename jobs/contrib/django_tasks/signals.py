"""Sends the signals of Django's tasks, as the backend of the task."""

import logging
from typing import Any

from django.dispatch import Signal

from jobs.contrib.django_tasks.task import backend_at
from jobs.contrib.django_tasks.versions import (
    AnyResult,
    BaseTaskBackend,
    django_signals,
    task_enqueued,
    task_finished,
    task_started,
)


def _line_of(signal: Signal, name: str, level: int) -> tuple[Signal, int, int]:
    """Return a signal, the id of Django's own receiver, and its level."""
    return signal, id(getattr(django_signals, name, None)), level


#: Django's own receivers. Each writes a line for a task that goes well.
_LINES = {
    signal: (receiver, level)
    for signal, receiver, level in (
        _line_of(task_enqueued, "log_task_enqueued", logging.DEBUG),
        _line_of(task_started, "log_task_started", logging.INFO),
        _line_of(task_finished, "log_task_finished", logging.INFO),
    )
}


def is_heard(signal: Signal) -> bool:
    """Tell whether anybody hears of a task that goes well.

    Django's own receiver is nobody where its log leaves the line out. To make a result for it would
    take longer than a small job.
    """
    receivers: list[Any] = signal.receivers
    if len(receivers) != 1:
        return bool(receivers)
    receiver, level = _LINES[signal]
    return receivers[0][0][0] != receiver or django_signals.logger.isEnabledFor(level)


def tell(signal: Signal, result: AnyResult) -> None:
    """Send a signal. A receiver that raises harms nobody: Django logs it."""
    signal.send_robust(sender_of(result), task_result=result)


def sender_of(result: AnyResult) -> type[Any]:
    """Return the class of the backend of a task.

    Its alias may be none of this process, or have an entry here that no backend takes.
    """
    backend = backend_at(result.backend)
    return BaseTaskBackend if backend is None else type(backend)
