"""The names of all keys.

Nothing else in the project writes a key name but the census, which also looks for keys that nobody
knows. All keys of one queue share its hash tag, so that every script stays on one node of a Redis
Cluster.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

_SPECIAL = re.compile(r"([*?\[\]\\^])")
_RENAMED = re.compile(r"(:[0-9a-f]+)\.\d+\Z")
#: The types of the keys that every script of a queue takes, by their last part. They stand in the
#: order of KEYS.
QUEUE_KEYS = {
    "payloads": "hash",
    "ready": "zset",
    "scheduled": "zset",
    "retry": "zset",
    "dead": "zset",
    "done": "zset",
    "running": "hash",
    "leases": "zset",
    "bell": "list",
    "meta": "hash",
    "stats": "hash",
    "seen": "hash",
    "terms": "hash",
    "ended": "zset",
    "traits": "hash",
    "notes": "hash",
    "unique": "hash",
    "windows": "zset",
}
#: The same of all keys of a queue: with those that only the scripts of one feature take.
KINDS = {**QUEUE_KEYS, "schedules": "hash", "marks": "zset"}
#: The hashes in which features keep something by the id of a job. It must not outlive the job.
BESIDE_JOBS = ("traits", "notes")
#: The types of the keys that belong to no queue, by their names in `SharedKeys`.
SHARED_KINDS = {
    "queues": "set",
    "workers": "zset",
    "metric_names": "zset",
    "problems": "hash",
    "telling": "string",
    "schedules": "hash",
    "mirroring": "string",
    "deploys": "zset",
    "muted": "hash",
}
#: The types of the keys of a limit, by their last part.
LIMIT_KINDS = {"holders": "zset", "fence": "string"}


@dataclass(frozen=True, slots=True)
class QueueKeys:
    """The keys of one queue.

    payloads   hash    id -> payload, the only copy of a job's data
    ready      zset    id by (100 - priority) * 2**44 + ms since the epoch: the low end goes first
    scheduled  zset    id by due time in ms; so is `retry`
    dead       zset    id by time of death in ms
    done       zset    id by the time in ms at which its result expires
    running    hash    id -> "worker#number of this taking|score to restore"
    leases     zset    worker -> a score that changes with each renewal; 0: it was given up
    bell       list    at most one token, wakes one idle worker
    meta       hash    paused, how many may run at a time, and the format of `running`
    stats      hash    processed, failed, ... in all, and "processed:N" on day N since the epoch
    seen       hash    worker -> the highest number that one of its fetches began with
    terms      hash    worker -> its lease in ms, most threads, most coroutines, as it joined
    ended      zset    worker -> when it was forgotten, in ms; its name is taken for an hour
    traits     hash    id -> what features know of a job: words "name=value", parted by spaces
    notes      hash    id -> what a running job told of its progress, as JSON
    unique     hash    unique key -> id of the job that holds it
    windows    zset    unique key -> when the window in which it is held ends, in ms

    `all` holds them in the order in which the prelude of the scripts names them.
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
    seen: str = field(init=False)
    terms: str = field(init=False)
    ended: str = field(init=False)
    traits: str = field(init=False)
    notes: str = field(init=False)
    unique: str = field(init=False)
    windows: str = field(init=False)
    all: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Derive every key from the hash tag."""
        tag = f"{{{self.namespace}:{self.queue}}}"
        for name in QUEUE_KEYS:
            object.__setattr__(self, name, f"{tag}:{name}")
        object.__setattr__(self, "all", tuple(getattr(self, name) for name in QUEUE_KEYS))

    @property
    def schedules(self) -> str:
        """Return the hash of the periodic entries of this queue: "what:name of the entry"."""
        return f"{{{self.namespace}:{self.queue}}}:schedules"

    @property
    def marks(self) -> str:
        """Return the sorted set of the pushes that the outbox has seen done.

        The score is when it was done, in ms. Below 0 it is when the mark ends: -5000 ends at 5000.
        """
        return f"{{{self.namespace}:{self.queue}}}:marks"

    def receipt(self, job_ids: Sequence[str]) -> str:
        """Return the key that says that the push of just these jobs was done."""
        push = (
            job_ids[0]
            if len(job_ids) == 1
            else blake2b("|".join(job_ids).encode(), digest_size=16).hexdigest()
        )
        return f"{{{self.namespace}:{self.queue}}}:pushed:{push}"


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """The keys that belong to no queue.

    Most are for people to look at. `schedules` says who owns which periodic entry, and `requests`
    carries what people want of a worker. No job is lost with any of them.
    """

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

    def requests(self, worker: str) -> str:
        """Return the list of what people want of one worker."""
        return f"{self.namespace}:worker:{worker}:requests"

    @property
    def metric_names(self) -> str:
        """Return the sorted set of all that is measured.

        The score is when it was last seen, in epoch seconds.
        """
        return f"{self.namespace}:metrics:names"

    def metric(self, resolution: str, chunk: int, name: str) -> str:
        """Return the string that holds some time of one metric.

        Its slots are of equal size.
        """
        return f"{self.namespace}:metrics:{resolution}:{chunk}:{name}"

    @property
    def problems(self) -> str:
        """Return the hash of the problems that people were told of, with their times."""
        return f"{self.namespace}:problems"

    @property
    def telling(self) -> str:
        """Return the string that one `jobs check` holds while it tells people."""
        return f"{self.namespace}:problems:telling"

    @property
    def schedules(self) -> str:
        """Return the hash of all periodic entries.

        It says in which queue each is at home, and who announced them last.
        """
        return f"{self.namespace}:schedules"

    @property
    def mirroring(self) -> str:
        """Return the string of the worker whose turn it is to mirror the database."""
        return f"{self.namespace}:schedules:mirroring"

    @property
    def deploys(self) -> str:
        """Return the sorted set of deploy marks, "milliseconds label" by epoch seconds."""
        return f"{self.namespace}:deploys"

    @property
    def muted(self) -> str:
        """Return the hash of the muted groups of failures: name -> "at jobs"."""
        return f"{self.namespace}:failures:muted"


def pattern_of(text: str) -> str:
    """Return the pattern that matches just this text, as SCAN and HSCAN take it."""
    return _SPECIAL.sub(r"\\\1", text)


def first_name(worker: str) -> str:
    """Return the name that people see of a worker.

    The worker may have taken another name in a queue where it was given up.
    """
    return _RENAMED.sub(r"\1", worker)


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
