"""The occasion of a job that a schedule made: which entry, for which moment.

It travels in the context of the payload. The job sees it, and so do pages and commands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobs.moment import moment, seconds_of

#: The name under which it stands in the context of a payload.
_NAME = "schedule"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a job was made.

    `at` is the tick in epoch seconds, or when somebody asked for a run by hand. `missed` counts the
    ticks before it that nobody fired; it ends at 1,000.
    """

    schedule: str
    at: float
    missed: int = 0
    is_by_hand: bool = False

    def to_context(self) -> dict[str, Any]:
        """Return it as the context of a payload holds it."""
        occasion: dict[str, Any] = {"name": self.schedule, "at": self.at}
        if self.missed:
            occasion["missed"] = self.missed
        if self.is_by_hand:
            occasion["by_hand"] = True
        return {_NAME: occasion}


def occasion_of(context: Mapping[str, Any]) -> Occasion | None:
    """Return the occasion in the context of a payload.

    Return None for a job that no schedule made, and for what cannot be read as one.
    """
    found = context.get(_NAME)
    if not isinstance(found, dict):
        return None
    name, at, missed = found.get("name"), seconds_of(found.get("at")), found.get("missed", 0)
    if not isinstance(name, str) or at is None or type(missed) is not int:
        return None
    return Occasion(name, at, missed, is_by_hand=found.get("by_hand") is True)


def without_occasion(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return a context without the occasion that can be read in it."""
    name = _NAME if occasion_of(context) else None
    return {key: value for key, value in context.items() if key != name}


class SeesOccasion:
    """The part of a job that knows which schedule made it."""

    if TYPE_CHECKING:

        @property
        def context(self) -> Mapping[str, Any]:
            """What travels with the job."""

    @property
    def scheduled_at(self) -> datetime | None:
        """The moment of the schedule that this job is for, in UTC.

        It is None for a job that no schedule made. Retries see the same moment.
        """
        occasion = occasion_of(self.context)
        return None if occasion is None else moment(occasion.at)

    @property
    def missed(self) -> int:
        """How many moments before this one were missed, 1,000 at most."""
        occasion = occasion_of(self.context)
        return 0 if occasion is None else occasion.missed
