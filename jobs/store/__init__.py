"""Everything that talks to Redis. The layers above see the types here and never a Redis command or key."""

from jobs.store.keys import QueueKeys
from jobs.store.store import Fetched, NewJob, Outcome, Store

__all__ = ["Fetched", "NewJob", "Outcome", "QueueKeys", "Store"]
