"""One backend of Django's tasks, set up to be asked by `task_questions`."""

import logging
import os
from collections.abc import Callable

BACKENDS = {
    "immediate": "django.tasks.backends.immediate.ImmediateBackend",
    "dummy": "django.tasks.backends.dummy.DummyBackend",
    "db": "django_tasks_db.DatabaseBackend",
    "ours": "jobs.contrib.django_tasks.JobsBackend",
}
#: What lets the worker of a backend do all that is ready.
Work = Callable[[], None]


def set_up(name: str) -> Work:
    """Set Django up with this backend, and return what lets its worker work."""
    import django  # noqa: PLC0415  # as the rest: Django must be set up first
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    apps = ["django.contrib.contenttypes", "django.contrib.auth", "jobs"]
    settings.configure(
        INSTALLED_APPS=[*apps, "django_tasks_db"] if name == "db" else apps,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": os.environ["TASKS_DATABASE"],
            }
        },
        JOBS={"REDIS_URL": os.environ.get("JOBS_REDIS_URL", "")},
        TASKS={"default": {"BACKEND": BACKENDS[name]}},
        LOGGING_CONFIG=None,
        USE_TZ=True,
    )
    django.setup()
    logging.disable()  # the answers tell of errors
    call_command("migrate", verbosity=0)
    return {"db": work_of_db, "ours": our_work}.get(name, lambda: None)


def work_of_db() -> None:
    """Let the worker of django-tasks-db do what is ready."""
    from django.core.management import call_command  # noqa: PLC0415

    call_command("db_worker", batch=True, startup_delay=False, interval=0, verbosity=0)


def our_work() -> None:
    """Let a worker of ours do what is ready."""
    from jobs.client import get_client  # noqa: PLC0415
    from jobs.conf import get_settings  # noqa: PLC0415
    from tests.jobs.worker.small_worker import make_worker, running  # noqa: PLC0415
    from tests.waiting import wait_until  # noqa: PLC0415

    with running(make_worker(get_settings())):
        wait_until(lambda: not get_client().store.running.is_busy("default"))
