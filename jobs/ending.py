"""Every way in which a run ends, and what follows from it.

Worker, log, metrics and listeners read this one table.
"""

import logging
from enum import Enum
from typing import Literal, NamedTuple


class Rule(NamedTuple):
    """What follows from an ending.

    `event` is the name of its line in the log. `counter` is the statistic that it raises, empty
    where it raises none.

    `is_failure`: error handlers are told.
    `is_last`: `on_exhausted` and the death handlers are told.
    `is_measured`: the run is part of the metrics.
    """

    event: str
    counter: str
    destination: Literal["done", "ready", "retry", "dead", "discard"]
    level: int
    is_failure: bool = False
    is_last: bool = False
    is_measured: bool = False


class Ending(Enum):
    """How a run has ended."""

    DONE = Rule("job.done", "processed", "done", logging.INFO, is_measured=True)
    RETRIED = Rule(
        "job.retried", "failed", "retry", logging.WARNING, is_failure=True, is_measured=True
    )
    DEAD = Rule(
        "job.dead", "failed", "dead", logging.ERROR, is_failure=True, is_last=True, is_measured=True
    )
    #: Failed for the last time, and is not to be kept.
    DISCARDED = Rule(
        "job.discarded",
        "failed",
        "discard",
        logging.ERROR,
        is_failure=True,
        is_last=True,
        is_measured=True,
    )
    #: Raised Discard.
    POINTLESS = Rule("job.discarded", "discarded", "discard", logging.INFO, is_measured=True)
    EXPIRED = Rule("job.discarded", "expired", "discard", logging.INFO)
    SNOOZED = Rule("job.snoozed", "snoozed", "retry", logging.INFO, is_measured=True)
    INTERRUPTED = Rule("job.interrupted", "", "ready", logging.INFO)
    CANCELLED = Rule("job.cancelled", "cancelled", "dead", logging.INFO, is_measured=True)
    QUARANTINED = Rule("job.quarantined", "quarantined", "dead", logging.ERROR, is_last=True)
    #: No class of its name is known here yet: it is tried again a few times.
    UNKNOWN = Rule("job.unknown", "unknown", "retry", logging.WARNING)
    #: Could not be run, or the library is at fault.
    PARKED = Rule("job.parked", "parked", "dead", logging.ERROR)

    def __init__(self, *_: object) -> None:
        """Keep the rule as an attribute, where a look costs nothing.

        `value` takes two calls, and each job needs the rule four times.
        """
        self.rule: Rule = self._value_

    @property
    def event(self) -> str:
        """The name of the line that the log gets."""
        return self.rule.event
