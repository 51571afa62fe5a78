"""What the threads of a process do for each other just now."""

from dataclasses import dataclass


@dataclass(slots=True)
class Duties:
    """Who waits, who leads a round trip, who sleeps.

    The caller holds the lock of the buffer. `turns` says how often a round trip or a sleep has
    ended: it tells whether the loop that fetches still turns.
    """

    idle: int = 0
    is_leading: bool = False
    is_sleeping: bool = False
    turns: int = 0
