"""The wing of the features: small packages that nothing below knows by name.

A feature uses doors only: options, middleware, listeners of events, chores, return values,
bounds, the outbox, and a desk of the store. It opens them when it is imported, and `jobs` imports
all that stand here. ARCHITECTURE.md shows one from its first line to its last.
"""

from jobs.features import bounds, limits, outbox, periodic, progress, results, unique

__all__ = ["bounds", "limits", "outbox", "periodic", "progress", "results", "unique"]
