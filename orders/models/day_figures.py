"""The figures of a day that is over, written once and kept.

`orders.closing` writes them at night. The page with the numbers counts the last days anew.
"""

from typing import ClassVar

from django.db import models


class DayFigures(models.Model):
    """What became of the orders of one day."""

    day = models.DateField(unique=True, db_comment="The day, in the time zone of the shop.")
    placed = models.PositiveIntegerField(db_comment="Orders that were placed on it.")
    charged = models.PositiveIntegerField(db_comment="How many of them were charged.")
    declined = models.PositiveIntegerField(db_comment="How many of them were declined.")
    closed_at = models.DateTimeField(auto_now=True, db_comment="When they were counted last.")

    class Meta:
        db_table_comment = "The orders of each day that is over, one row for each day."
        verbose_name_plural = "day figures"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(placed__gte=models.F("charged") + models.F("declined")),
                name="day_figures_add_up",
            ),
        ]

    def __str__(self) -> str:
        """Return the day."""
        return self.day.isoformat()
