"""Our backend, as Django's own tests of tasks want it.

The dummy backend of Django remembers what was enqueued, and its immediate backend runs it at once.
Everything else these do as any project would have it. `django_suite` puts them in place.
"""

from copy import deepcopy
from typing import Any

from asgiref.sync import sync_to_async
from django.tasks.signals import task_finished

from jobs.client import get_client
from jobs.conf import get_settings
from jobs.contrib.django_tasks import JobsBackend
from jobs.contrib.django_tasks.versions import AnyResult
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until


class WaitingBackend(JobsBackend):
    """Remembers what it enqueued, as the dummy backend does."""

    #: Of all instances: each thread has one.
    results: list[AnyResult] = []

    def enqueue(self, *args: Any, **kwargs: Any) -> AnyResult:  # type: ignore[override]  # as it is
        """Enqueue a task, and keep its result for the test."""
        result = super().enqueue(*args, **kwargs)
        self.results.append(deepcopy(result))
        return result

    async def aenqueue(self, *args: Any, **kwargs: Any) -> AnyResult:  # type: ignore[override]  # as above
        """Do the same from a coroutine."""
        result = await super().aenqueue(*args, **kwargs)
        self.results.append(deepcopy(result))
        return result

    def clear(self) -> None:
        """Forget all tasks, in Redis too."""
        self.results.clear()
        get_client().store.client.flushdb()


class DrainedBackend(JobsBackend):
    """Has a worker run each task, and returns how it ended."""

    def enqueue(self, *args: Any, **kwargs: Any) -> AnyResult:  # type: ignore[override]  # as it is
        """Enqueue a task, run it, and return its result."""
        return run_now(super().enqueue(*args, **kwargs))

    async def aenqueue(self, *args: Any, **kwargs: Any) -> AnyResult:  # type: ignore[override]  # as above
        """Do the same from a coroutine."""
        return await sync_to_async(run_now)(await super().aenqueue(*args, **kwargs))


def run_now(result: AnyResult) -> AnyResult:
    """Have a worker run a task, and return how it ended."""
    finished: list[str] = []

    def hear(task_result: AnyResult, **_: Any) -> None:
        finished.append(task_result.id)

    task_finished.connect(hear)
    with running(make_worker(get_settings())):
        wait_until(lambda: result.id in finished)
    task_finished.disconnect(hear)
    result.refresh()
    return result
