"""The control room as a model without a table.

Django hangs permissions on models, and the admin lists models.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class NoRows(models.Manager["ControlRoom"]):
    """Finds nothing, without asking the database."""

    def get_queryset(self) -> models.QuerySet["ControlRoom"]:
        """Return the empty set: there is no table to look into."""
        return super().get_queryset().none()


class ControlRoom(models.Model):
    """What people may do with jobs, as permissions.

    Jobs themselves are in Redis. No row of this is ever made.
    """

    objects = NoRows()

    class Meta:
        managed = False
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("control room")
        verbose_name_plural = _("control room")
        permissions = [
            ("view_jobs", _("Can see jobs, queues and workers")),
            ("view_job_arguments", _("Can see arguments, results and error messages of jobs")),
            ("retry_job", _("Can retry a job")),
            ("kill_job", _("Can kill a job")),
            ("delete_job", _("Can delete a job")),
            ("reschedule_job", _("Can reschedule a job")),
            ("run_job_again", _("Can run a job again")),
            ("cancel_job", _("Can cancel a running job")),
            ("pause_queue", _("Can pause and resume a queue")),
            ("clear_queue", _("Can clear a queue")),
            ("control_worker", _("Can quiet and stop a worker")),
            ("control_schedule", _("Can pause, resume and run a schedule")),
        ]

    def __str__(self) -> str:
        """Return the name under which the admin log shows it."""
        return str(self._meta.verbose_name)
