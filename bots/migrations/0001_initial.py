"""The tables of the bots."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="Random, so that no key of an earlier database is ever used again.",
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "is_counter_example",
                    models.BooleanField(db_comment="Whether one job posts for all bots, badly.", default=False),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, db_comment="When the bots were asked to post.")),
            ],
            options={
                "db_table_comment": "The times that the bots were asked to post.",
            },
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "bot",
                    models.CharField(
                        choices=[("picard", "Picard"), ("riker", "Riker"), ("worf", "Worf"), ("locutus", "Locutus")],
                        db_comment="Whose turn it is.",
                        max_length=20,
                    ),
                ),
                (
                    "post_id",
                    models.CharField(
                        db_comment="The post's id at the social service; null until it answered.",
                        max_length=254,
                        null=True,
                    ),
                ),
                ("failures", models.PositiveIntegerField(db_comment="How often posting failed.", default=0)),
                (
                    "error",
                    models.TextField(db_comment="Why it failed the last time; empty if it never did.", default=""),
                ),
                ("gave_up", models.BooleanField(db_comment="Whether the job failed for the last time.", default=False)),
                (
                    "run",
                    models.ForeignKey(
                        db_comment="The run that this is a turn of.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="turns",
                        to="bots.run",
                    ),
                ),
            ],
            options={
                "db_table_comment": "One row for each bot in each run.",
                "constraints": [models.UniqueConstraint(fields=("run", "bot"), name="turn_once_per_run")],
            },
        ),
    ]
