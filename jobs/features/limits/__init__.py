"""Locks and limits for the code of jobs.

Its doors: a desk of the store (`Slots`), and events.
"""

from jobs.features.limits.hold import Hold
from jobs.features.limits.locks import Limit, limit, lock

__all__ = ["Hold", "Limit", "limit", "lock"]
