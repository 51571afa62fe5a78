"""The control room as a model without a table: Django hangs permissions on models, and the admin lists them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ControlRoom(models.Model):
    """What people may do with jobs, as permissions. Jobs themselves are in Redis; no row of this is ever made."""

    class Meta:
        managed = False
        default_permissions = ()
        verbose_name = _("control room")
        verbose_name_plural = _("control room")
        permissions = [
            ("view_jobs", _("Can see jobs, queues and workers")),
            ("retry_job", _("Can retry a job")),
            ("kill_job", _("Can kill a job")),
            ("delete_job", _("Can delete a job")),
            ("reschedule_job", _("Can reschedule a job")),
            ("run_job_again", _("Can run a job again")),
            ("cancel_job", _("Can cancel a running job")),
            ("pause_queue", _("Can pause and resume a queue")),
            ("clear_queue", _("Can clear a queue")),
            ("control_worker", _("Can quiet and stop a worker")),
        ]

    def __str__(self) -> str:
        """Return the name under which the admin log shows it."""
        return str(self._meta.verbose_name)
