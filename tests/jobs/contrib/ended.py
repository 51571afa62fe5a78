"""Waiting for results of tasks."""

from jobs.contrib.django_tasks.versions import AnyResult
from tests.waiting import wait_until


def ended(result: AnyResult) -> AnyResult:
    """Return a result when its task has ended for good."""

    def is_finished() -> bool:
        result.refresh()
        return bool(result.is_finished)

    wait_until(is_finished)
    return result
