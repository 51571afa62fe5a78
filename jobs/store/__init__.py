"""Everything that talks to Redis. The layers above see the types here and never a Redis command or key."""

from jobs.store.keys import QueueKeys
from jobs.store.slots import Slots
from jobs.store.store import MOST_JOBS, Fetched, NewJob, Outcome, Store

__all__ = ["MOST_JOBS", "Fetched", "NewJob", "Outcome", "QueueKeys", "Slots", "Store"]
