"""Every address of the control room, below an admin site.

To add a view, add its path here and its tab in `nav`.
"""

from django.contrib.admin.sites import AdminSite
from django.urls import URLPattern, path, register_converter

from jobs.admin.access import View
from jobs.admin.actions.job_sets import failures_action, ready_action, set_action
from jobs.admin.actions.queues import queue_action
from jobs.admin.actions.schedules import schedule_action
from jobs.admin.actions.single import job_action
from jobs.admin.actions.workers import worker_action
from jobs.admin.pages.export import openmetrics, stats_json
from jobs.admin.pages.failures import failures
from jobs.admin.pages.job import job
from jobs.admin.pages.job_set import job_set, queue
from jobs.admin.pages.metrics import class_metrics, metrics
from jobs.admin.pages.outbox import outbox
from jobs.admin.pages.overview import overview
from jobs.admin.pages.queues import queues
from jobs.admin.pages.running import running
from jobs.admin.pages.schedules import schedule, schedules
from jobs.admin.pages.search import find, search
from jobs.admin.pages.unique import unique
from jobs.admin.pages.workers import workers
from jobs.admin.serve import serve


class SetNameConverter:
    """The sets that have a page over all queues.

    Ready jobs are shown queue by queue.
    """

    regex = "scheduled|retry|dead|done"

    def to_python(self, value: str) -> str:
        """Return the name."""
        return value

    def to_url(self, value: str) -> str:
        """Return the name."""
        return value


register_converter(SetNameConverter, "jobs_set")

#: Address below `jobs/`, view, name in the namespace `admin`.
PATHS: tuple[tuple[str, View, str], ...] = (
    ("", overview, "jobs_overview"),
    # By this name the index and the sidebar find the control room.
    ("", overview, "jobs_controlroom_changelist"),
    ("queues/", queues, "jobs_queues"),
    ("queues/<str:queue>/", queue, "jobs_queue"),
    ("queues/<str:queue>/act/", ready_action, "jobs_ready_action"),
    ("queues/<str:queue>/<str:verb>/", queue_action, "jobs_queue_action"),
    ("running/", running, "jobs_running"),
    ("workers/", workers, "jobs_workers"),
    ("workers/<str:name>/<str:verb>/", worker_action, "jobs_worker_action"),
    ("schedules/", schedules, "jobs_schedules"),
    ("schedules/<str:name>/", schedule, "jobs_schedule"),
    ("schedules/<str:name>/<str:verb>/", schedule_action, "jobs_schedule_action"),
    ("find/", find, "jobs_find"),
    ("search/", search, "jobs_search"),
    ("job/<str:job_id>/", job, "jobs_job"),
    ("job/<str:job_id>/<str:verb>/", job_action, "jobs_job_action"),
    ("failures/", failures, "jobs_failures"),
    ("failures/act/", failures_action, "jobs_failures_action"),
    ("unique/", unique, "jobs_unique"),
    ("outbox/", outbox, "jobs_outbox"),
    ("metrics/", metrics, "jobs_metrics"),
    ("metrics/<str:name>/", class_metrics, "jobs_class_metrics"),
    ("metrics.txt", openmetrics, "jobs_openmetrics"),
    ("stats.json", stats_json, "jobs_stats_json"),
    ("<jobs_set:name>/", job_set, "jobs_set"),
    ("<jobs_set:name>/act/", set_action, "jobs_set_action"),
)


def control_room_urls(site: AdminSite) -> list[URLPattern]:
    """Return the paths for one admin site.

    The site answers with its own frame and login.
    """
    return [path(f"jobs/{route}", serve(site, view), name=name) for route, view, name in PATHS]
