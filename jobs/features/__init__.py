"""The wing of the features: small packages that nothing below knows by name.

A feature uses doors only, and opens them when it is imported. `jobs` imports all that stand here.
ARCHITECTURE.md lists the doors, and shows a feature from its first line to its last.
"""

from jobs.features import (
    bounds,
    encryption,
    limits,
    outbox,
    periodic,
    progress,
    results,
    signing,
    unique,
)

__all__ = [
    "bounds",
    "encryption",
    "limits",
    "outbox",
    "periodic",
    "progress",
    "results",
    "signing",
    "unique",
]
