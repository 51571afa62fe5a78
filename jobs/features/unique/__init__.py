"""Unique jobs: of one key, only one waits or runs.

The class of the job asks for it. The feature uses one door: claims.
"""

from jobs.features.unique.claiming import UniqueClaimer
from jobs.features.unique.option import Unique

__all__ = ["Unique", "UniqueClaimer"]
