"""The diary: what the jobs of the rehearsals did, and in which process.

With it a page can prove what happened. `jobs` writes it, the drills read it. No other part of the
project does either.
"""

from typing import ClassVar, Self

from django.db import models


class Event(models.TextChoices):
    """What a job notes."""

    STARTED = "started", "Started"
    FINISHED = "finished", "Finished"


class DiaryQuerySet(models.QuerySet["DiaryEntry"]):
    """Entries, and the questions that the drills ask."""

    def started(self, run: str) -> Self:
        """Keep the starts of one run, in their order."""
        return self.filter(run=run, event=Event.STARTED).order_by("pk")

    def finished(self, run: str) -> Self:
        """Keep the good ends of one run, in their order."""
        return self.filter(run=run, event=Event.FINISHED).order_by("pk")


class DiaryEntry(models.Model):
    """Keep one thing that one attempt of a job did."""

    run = models.CharField(
        max_length=32, db_index=True, db_comment="Which pressing of a button it belongs to."
    )
    job = models.CharField(max_length=100, db_comment="The name of the job class.")
    attempt = models.PositiveIntegerField(db_comment="The attempt; a killed worker spends none.")
    pid = models.PositiveIntegerField(db_comment="The worker process that ran it.")
    event = models.CharField(max_length=8, choices=Event, db_comment="started or finished.")
    at = models.DateTimeField(auto_now_add=True, db_comment="When it was written.")

    objects = DiaryQuerySet.as_manager()

    class Meta:
        db_table_comment = "What the jobs of the rehearsals did."
        verbose_name_plural = "diary entries"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(event__in=Event.values), name="diary_event_known"
            ),
        ]

    def __str__(self) -> str:
        """Return the entry as one line."""
        return f"{self.job} {self.event}, attempt {self.attempt}, process {self.pid}"
