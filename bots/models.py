"""The runs of the bots, and in each run one turn of each bot.

The jobs note here how their posting went, and the page shows it. No model ever enqueues a job or
calls a service.
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F


class Bot(models.TextChoices):
    """The bots, in the order in which the counter-example lets them post."""

    PICARD = "picard", "Picard"
    RIKER = "riker", "Riker"
    WORF = "worf", "Worf"
    LOCUTUS = "locutus", "Locutus"

    @property
    def line(self) -> str:
        """Return what this bot posts."""
        return LINES[self]


LINES = {
    Bot.PICARD: "Tea. Earl Grey. Hot.",
    Bot.RIKER: "Has anyone seen my trombone?",
    Bot.WORF: "Today is a good day to deploy.",
    Bot.LOCUTUS: "Resistance is futile. Retries are not.",
}


class Kind(models.TextChoices):
    """How the work of a run is split into jobs."""

    FAN_OUT = "fan_out", "Run"
    COUNTER_EXAMPLE = "counter_example", "Counter-example"
    BAIL_OUT = "bail_out", "Run that bails out"


class Run(models.Model):
    """One time that the bots were asked to post.

    The id of a run makes the idempotency keys of its posts.
    """

    id = models.UUIDField(
        primary_key=True,
        default=uuid.uuid4,
        editable=False,
        db_comment="Random, so that no key of an earlier database is ever used again.",
    )
    kind = models.CharField(
        max_length=20,
        choices=Kind,
        default=Kind.FAN_OUT,
        db_comment="Which job posts for the bots.",
    )
    created_at = models.DateTimeField(
        auto_now_add=True, db_comment="When the bots were asked to post."
    )

    class Meta:
        db_table_comment = "The times that the bots were asked to post."

    def __str__(self) -> str:
        """Return the id."""
        return str(self.id)


class TurnState(models.TextChoices):
    """Where a bot stands in a run."""

    WAITING = "waiting", "Waiting"
    FAILING = "failing", "Tries again"
    POSTED = "posted", "Posted"
    GAVE_UP = "gave_up", "Gave up"


class Turn(models.Model):
    """The turn of one bot in one run."""

    run = models.ForeignKey(
        Run,
        on_delete=models.CASCADE,
        related_name="turns",
        db_comment="The run that this is a turn of.",
    )
    bot = models.CharField(max_length=20, choices=Bot, db_comment="Whose turn it is.")
    post_id = models.CharField(
        max_length=254,
        null=True,
        db_comment="The post's id at the social service; null until it answered.",
    )
    failures = models.PositiveIntegerField(default=0, db_comment="How often posting failed.")
    error = models.TextField(
        default="", db_comment="Why it failed the last time; empty if it never did."
    )
    gave_up = models.BooleanField(
        default=False, db_comment="Whether the job failed for the last time."
    )

    class Meta:
        db_table_comment = "One row for each bot in each run."
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "bot"], name="turn_once_per_run")
        ]

    def __str__(self) -> str:
        """Return the bot's name and its state."""
        return f"{Bot(self.bot).label}: {self.state.label}"

    @property
    def state(self) -> TurnState:
        """Tell where the bot stands."""
        if self.post_id:
            return TurnState.POSTED
        if self.gave_up:
            return TurnState.GAVE_UP
        return TurnState.FAILING if self.failures else TurnState.WAITING

    def note_post(self, post_id: str) -> None:
        """Keep the answer of the social service."""
        self._note(post_id=post_id)

    def note_failure(self, error: str) -> None:
        """Count a failure and keep its reason."""
        self._note(failures=F("failures") + 1, error=error)

    def _note(self, **columns: object) -> None:
        # An UPDATE of these columns alone: two runs of one job may note something at the same
        # moment.
        Turn.objects.filter(pk=self.pk).update(**columns)
