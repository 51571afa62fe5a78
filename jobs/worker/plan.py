"""What one group of workers serves: a capsule, or all there is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from jobs.capsule import Capsule
from jobs.conf import JobsSettings
from jobs.worker.queue_order import QueueOrder


@dataclass(frozen=True, slots=True)
class Plan:
    """What the workers of one group are to know.

    `settings` hold how many they are and how many jobs each runs at a time. `is_serial`: only one
    at a time, so no worker may begin before the one before it has ended.
    """

    queue_order: QueueOrder
    settings: JobsSettings
    is_serial: bool = False

    @property
    def queues(self) -> tuple[str, ...]:
        """The names of the queues."""
        return self.queue_order.names

    @classmethod
    def of(cls, capsule: Capsule, settings: JobsSettings) -> Self:
        """Return the plan of a capsule.

        A serial one runs no coroutine beside what its thread has begun.
        """
        changed = replace(settings, concurrency=capsule.threads, processes=capsule.processes)
        if capsule.is_serial:
            changed = replace(changed, async_concurrency=1)
        return cls(QueueOrder.parse(capsule.queues), changed, capsule.is_serial)


def queues_of(plans: Sequence[Plan]) -> tuple[str, ...]:
    """Return the queues of several plans, none of which has one of another."""
    return tuple(queue for plan in plans for queue in plan.queues)
