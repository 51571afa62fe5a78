"""The tasks that the workers of the acceptance tests run."""

import os
import signal
from typing import Any

from jobs.contrib.django_tasks import task
from jobs.contrib.django_tasks.versions import TaskContext, task_finished
from tests.acceptance.jobs import note


@task(takes_context=True, max_retries=0)
def die(context: TaskContext, times: int) -> int:
    """Take the process along so many times.

    Return the number of the run that ends.
    """
    note(f"run {context.attempt}")
    if context.attempt <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return context.attempt


def tell(task_result: Any, **kwargs: Any) -> None:
    """Note how a task has ended."""
    note(f"finished {task_result.status} after {task_result.attempts}")


task_finished.connect(tell)
