"""Settings of the benchmarks of tasks: those of all benchmarks, and `TASKS`."""

from benchmarks.settings import DATABASES, INSTALLED_APPS, JOBS, SECRET_KEY, USE_TZ

__all__ = ["DATABASES", "INSTALLED_APPS", "JOBS", "SECRET_KEY", "TASKS", "USE_TZ"]

TASKS = {"default": {"BACKEND": "jobs.contrib.django_tasks.JobsBackend", "QUEUES": []}}
