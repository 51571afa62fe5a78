"""A backend for Django's tasks: `BACKEND = "jobs.contrib.django_tasks.JobsBackend"`.

A task is stored as a job under the path of its function, so that control room, logs and metrics
show it as any job. docs/tasks.md is for those who use it.
"""

from jobs.contrib.django_tasks.backend import JobsBackend
from jobs.contrib.django_tasks.task import JobsTask, task

__all__ = ["JobsBackend", "JobsTask", "task"]
