"""The names of all keys. Nothing else in the project writes a key name.

All keys of one queue share its hash tag, so that every script stays on one node of a Redis Cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class QueueKeys:
    """The keys of one queue.

    payloads   hash    id -> payload, the only copy of a job's data
    ready      zset    id by (100 - priority) * 2**44 + ms since the epoch: the low end is taken first
    scheduled  zset    id by due time in ms; so is `retry`
    dead       zset    id by time of death in ms
    done       zset    id by the time in ms at which its result expires
    running    hash    id -> "worker|score to restore"
    leases     zset    worker -> deadline in ms; 0 when the worker was given up
    bell       list    at most one token, wakes one idle worker
    meta       hash    paused
    stats      hash    processed, failed, ... in all, and "processed:N" on day N since the epoch
    """

    namespace: str
    queue: str
    payloads: str = field(init=False)
    ready: str = field(init=False)
    scheduled: str = field(init=False)
    retry: str = field(init=False)
    dead: str = field(init=False)
    done: str = field(init=False)
    running: str = field(init=False)
    leases: str = field(init=False)
    bell: str = field(init=False)
    meta: str = field(init=False)
    stats: str = field(init=False)

    def __post_init__(self) -> None:
        """Derive every key from the hash tag."""
        for name in self.__slots__[2:]:
            object.__setattr__(self, name, f"{{{self.namespace}:{self.queue}}}:{name}")

    def receipt(self, job_ids: Sequence[str]) -> str:
        """Return the key that says that the push of just these jobs was done."""
        push = job_ids[0] if len(job_ids) == 1 else blake2b("".join(job_ids).encode(), digest_size=16).hexdigest()
        return f"{{{self.namespace}:{self.queue}}}:pushed:{push}"


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """The keys that belong to no queue: for people to look at, never needed for correctness."""

    namespace: str

    @property
    def queues(self) -> str:
        """Return the set of the names of all queues ever used."""
        return f"{self.namespace}:queues"

    @property
    def workers(self) -> str:
        """Return the sorted set of workers by their last heartbeat, epoch seconds."""
        return f"{self.namespace}:workers"

    def worker(self, name: str) -> str:
        """Return the hash that describes one worker."""
        return f"{self.namespace}:worker:{name}"

    def orders(self, worker: str) -> str:
        """Return the list of what people want of one worker."""
        return f"{self.namespace}:worker:{worker}:orders"

    @property
    def metric_names(self) -> str:
        """Return the sorted set of all that is measured by when it was last seen, epoch seconds."""
        return f"{self.namespace}:metrics:names"

    def metric(self, resolution: str, chunk: int, name: str) -> str:
        """Return the string that holds some time of one metric, in slots of equal size."""
        return f"{self.namespace}:metrics:{resolution}:{chunk}:{name}"

    @property
    def deploys(self) -> str:
        """Return the sorted set of deploy marks, "milliseconds label" by epoch seconds."""
        return f"{self.namespace}:deploys"


@dataclass(frozen=True, slots=True)
class LimitKeys:
    """The keys of one limit or lock, which share its hash tag."""

    namespace: str
    name: str

    @property
    def holders(self) -> str:
        """Return the sorted set of holders by their deadline in ms."""
        return f"{{{self.namespace}:limit:{self.name}}}:holders"

    @property
    def fence(self) -> str:
        """Return the counter that grows with every holder."""
        return f"{{{self.namespace}:limit:{self.name}}}:fence"
