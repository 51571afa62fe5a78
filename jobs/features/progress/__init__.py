"""Progress: how far a running job has got, for people to look at.

Its doors: an ability of jobs, their last words, a desk of the store, and an event.
"""

from jobs.features.progress.telling import tell

__all__ = ["tell"]
