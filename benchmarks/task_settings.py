"""Settings of the benchmarks of tasks: those of all benchmarks, and `TASKS`.

Django's own log is off. It writes two lines for each task, and the library one.
"""

from benchmarks.settings import DATABASES, INSTALLED_APPS, JOBS, SECRET_KEY, USE_TZ

__all__ = ["DATABASES", "INSTALLED_APPS", "JOBS", "LOGGING", "SECRET_KEY", "TASKS", "USE_TZ"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {name: {"level": "WARNING"} for name in ("django.tasks", "django_tasks")},
}
TASKS = {"default": {"BACKEND": "jobs.contrib.django_tasks.JobsBackend", "QUEUES": []}}
