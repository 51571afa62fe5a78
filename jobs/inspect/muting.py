"""What becomes of a mute: it ends when its group changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jobs.inspect.metrics import Deploy
from jobs.inspect.queues import sees_every_queue
from jobs.moment import moment
from jobs.store.mutes import LONGEST, Mute
from jobs.store.reader import Reader

#: A group has grown when it has so many times the jobs, and so many more.
GROWTH, MORE = 2, 10
#: Why a mute ended: more jobs, new code, a group that was gone and came anew, or its time.
Change = Literal["", "grown", "deploy", "anew", "late"]


@dataclass(frozen=True, slots=True)
class Muted:
    """A group was muted at a moment.

    It is shown again where there is a `change`.
    """

    at: datetime
    change: Change

    @property
    def holds(self) -> bool:
        """Whether the group is still muted."""
        return not self.change


def muted(
    mute: Mute, jobs: int, first_at: datetime, deploys: Sequence[Deploy], now: float
) -> Muted:
    """Return whether a mute still holds for a group.

    The group has so many jobs, and the first of its failures came at `first_at`.
    """
    at = moment(mute.at)
    change: Change = ""
    if jobs >= max(GROWTH * mute.jobs, mute.jobs + MORE):
        change = "grown"
    elif any(deploy.at > at for deploy in deploys):
        change = "deploy"
    elif first_at > at:
        change = "anew"
    elif now - mute.at > LONGEST:
        change = "late"
    return Muted(at, change)


def sees_whole_groups(reader: Reader) -> bool:
    """Return whether a reader sees all jobs of every group.

    It also needs sight of messages, which part the groups. Only then may it mute one: who sees one
    job of a hundred would hide them all. Where it sees some queues, it costs one round trip.
    """
    sight = reader.sight
    return sight.sees_arguments and (sight.sees_all_queues or sees_every_queue(reader))
