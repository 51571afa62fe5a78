"""Results: what `perform` returned, kept for a while, and waited for.

The class of the job asks for it. The feature uses five doors: an option, return values, events, a
desk of the store, and the abilities of jobs that were enqueued.
"""

from jobs.features.results.keeping import keep
from jobs.features.results.waiting import aresult, result

__all__ = ["aresult", "keep", "result"]
