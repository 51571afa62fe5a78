"""Everything that talks to Redis.

The layers above see the types here and never a Redis command or key.
"""

from jobs.store.intake import Claim, Conflict, Duplicates, NewJob, Underway
from jobs.store.keys import QueueKeys
from jobs.store.leases import Lease, Leases
from jobs.store.running import Fetched
from jobs.store.session import MOST_JOBS, Session
from jobs.store.slots import Slots
from jobs.store.store import Store
from jobs.store.terms import Terms

__all__ = [
    "MOST_JOBS",
    "Claim",
    "Conflict",
    "Duplicates",
    "Fetched",
    "Lease",
    "Leases",
    "NewJob",
    "QueueKeys",
    "Session",
    "Slots",
    "Store",
    "Terms",
    "Underway",
]
