"""Results: what `perform` returned, kept for a while.

The class of the job asks for it. The feature uses three doors: an option,
return values, and events.
"""

from jobs.features.results.keeping import keep

__all__ = ["keep"]
