"""The schedules that people keep, the outbox, and the control room.

The control room is a model without a table. Django hangs permissions on models, and the admin lists
models.
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
            ("override_schedule", _("Can change when a schedule of the code ticks")),
        ]

    def __str__(self) -> str:
        """Return the name under which the admin log shows it."""
        return str(self._meta.verbose_name)


class ScheduleEntry(models.Model):
    """A schedule that somebody made in the admin.

    It ticks by `cron` in `timezone`, or every so many seconds. What is wrong with a row is refused
    by the form, and rests where it came by another way. `features/periodic/kept.py` reads it.
    """

    job_class = models.CharField(_("job class"), max_length=200)
    name = models.CharField(
        _("name"), max_length=50, help_text=_("Letters, digits, _ and -. It tells schedules apart.")
    )
    enabled = models.BooleanField(_("on"), default=True)
    cron = models.CharField(
        _("cron expression"),
        max_length=100,
        blank=True,
        help_text=_("Minute, hour, day, month, weekday, such as 30 2 * * 1-5, or @daily."),
    )
    timezone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        help_text=_("Of the cron expression, such as Europe/Berlin. Empty: that of the project."),
    )
    every_seconds = models.PositiveBigIntegerField(
        _("every so many seconds"),
        null=True,
        blank=True,
        help_text=_("Instead of a cron expression. An hour, 3600, is every full hour of UTC."),
    )
    args = models.TextField(_("positional arguments"), default="[]")
    kwargs = models.TextField(_("arguments by name"), default="{}")
    queue = models.CharField(
        _("queue"),
        max_length=100,
        blank=True,
        help_text=_("Empty: the one that the job class has now."),
    )
    overlap = models.CharField(
        _("while the run before has not ended"),
        max_length=20,
        default="skip",
        choices=[
            ("skip", _("skip the tick")),
            ("one_waiting", _("let one more wait")),
            ("allow", _("run beside it")),
            ("cancel_other", _("cancel the run before")),
        ],
    )
    catch_up_seconds = models.PositiveBigIntegerField(
        _("catch up, seconds"),
        default=3_600,
        help_text=_("A tick that nobody fired is made up for if it is no older."),
    )
    jitter_seconds = models.PositiveBigIntegerField(
        _("jitter, seconds"), default=0, help_text=_("Each run is due up to so much later.")
    )
    margin_seconds = models.PositiveBigIntegerField(
        _("margin, seconds"),
        default=600,
        help_text=_("Without a success for a period and so much more, people are told."),
    )

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        constraints = [
            models.UniqueConstraint(fields=["job_class", "name"], name="jobs_schedule_entry_name"),
        ]

    def __str__(self) -> str:
        """Return the class and the name."""
        return f"{self.job_class}: {self.name}"


class OutboxEntry(models.Model):
    """A job that was enqueued in a transaction, until it is surely in Redis.

    A request writes it, and a worker deletes it; see `features/outbox`. `push` is the name of its
    mark in Redis. Times are by the clock of the database. Until `next_at` no sweeper looks at it.
    `claimed_by` is the last sweeper that had it.
    """

    queue = models.CharField(_("queue"), max_length=100)
    job_id = models.CharField(_("job id"), max_length=64)
    push = models.CharField(max_length=64)
    payload = models.TextField()
    priority = models.SmallIntegerField()
    due = models.CharField(max_length=32)
    claim = models.TextField(blank=True)
    created_at = models.DateTimeField(_("waits since"))
    next_at = models.DateTimeField(_("next attempt"), db_index=True)
    claimed_by = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("job in the outbox")
        verbose_name_plural = _("outbox")

    def __str__(self) -> str:
        """Return the id of its job."""
        return self.job_id
