"""The client: sends new jobs to Redis within a bounded time.

Used by `enqueue` and `commit`. It knows no job classes.
"""

import functools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from jobs.bounds import NO_BOUNDS, Bounds, bounding
from jobs.conf import get_settings, until_settings_change
from jobs.errors import QueueFull, StoreUnavailable
from jobs.events import JobEnqueued, QueueNotAnnounced, emit, is_heard
from jobs.probing import Probing
from jobs.store import MOST_JOBS, Duplicates, NewJob, Store, Underway
from jobs.store.bounded import time_limit
from jobs.store.intake import Intake

#: How often a process makes its queues known again, in seconds.
ANNOUNCE_EVERY = 60.0
#: Bytes of payload in one round trip, unless a single job is larger. More at once is no faster.
MOST_BYTES = 1_000_000
#: For how many others a job with a claim counts there: Redis looks at one after the other.
CLAIM_WEIGHT = 4
#: For how long nobody looks before a push once Redis did not answer such a look. Seconds.
BLIND = 1.0
#: The longest pause before a push is sent again, in seconds.
PAUSE = 0.02

T = TypeVar("T")
#: What goes in one round trip: jobs by queue.
Portion = Mapping[str, Sequence[NewJob]]


class Client:
    """Pushes jobs. Threads may share it, and so may processes that fork."""

    def __init__(self, open_store: Callable[[], Store], timeout: float) -> None:
        """Take what opens the store, and the most seconds for one round trip.

        The store is opened in the first push, since a cluster is asked for its nodes then.
        """
        self._open_store = open_store
        self.timeout = timeout
        self.probing = Probing(timeout)
        self._opened: Store | None = None
        #: Until then nobody looks before a push, by the monotonic clock: Redis did not answer.
        self._blind_until = 0.0
        self._announced: dict[str, float] = {}

    def push(
        self, jobs: Sequence[tuple[str, NewJob]], *, is_owed: bool = False, spent: float = 0.0
    ) -> Duplicates:
        """Push (queue, job) pairs, in portions of 1,000 or 1 MB.

        Return the ids of those with a claim whose place another job has, and of that job.
        The time bound holds for each round trip, with the connection and a second try if they are
        needed. Raise StoreUnavailable beyond it: the portions before it are in Redis then, and the
        error says how many jobs these are. Raise QueueFull in the same way, but not for jobs that
        are owed: a transaction has committed, and counts on them. `spent` are the seconds of each
        round trip that are used up.
        """
        pushed = 0
        duplicates: Duplicates = {}
        bounds = NO_BOUNDS if is_owed else bounding.bounds()
        for portion in portions(jobs, bounds):
            try:
                duplicates |= self.push_portion(portion, spent, bounds=bounds)
            except StoreUnavailable as error:
                error.pushed, error.jobs = pushed, len(jobs)
                raise
            except QueueFull as error:
                error.pushed = pushed
                raise
            pushed += count_of(portion)
        return duplicates

    def is_ready_for(self, queue: str) -> bool:
        """Tell whether a push into this queue needs nothing prepared."""
        known_since = self._announced.get(queue, -math.inf)
        return self._opened is not None and known_since > time.monotonic() - ANNOUNCE_EVERY

    def push_portion(
        self, portion: Portion, spent: float = 0.0, *, bounds: Bounds = NO_BOUNDS
    ) -> Duplicates:
        """Push jobs in one round trip, with a second try if need be.

        Raise StoreUnavailable, or QueueFull where none of the jobs is in. `spent` are the seconds
        of its time that are used up.
        """
        started = time.monotonic() - spent
        limit = time_limit.change(started + self.timeout)
        duplicates: Duplicates = {}
        try:
            deadline = time_limit.deadline or math.inf  # a round may end sooner
            last_try = min(started + self.timeout / 2, deadline)
            self._push_until(last_try, portion, duplicates, bounds)
            self._announce(started, portion)
        except QueueFull as error:
            bounding.refused(error)
            raise
        finally:
            time_limit.deadline = limit
        _tell_of(portion, duplicates)
        return duplicates

    def holders(self, queue: str, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the jobs that hold unique keys: their ids, by those keys.

        None is held where Redis does not answer.
        """
        wanted = list(dict.fromkeys(keys))
        return self._early(lambda intake: intake.holders(queue, wanted), {}) if wanted else {}

    def size(self, queue: str) -> int:
        """Return how many jobs of a queue have not ended.

        It is 0 where Redis does not answer.
        """
        return self._early(lambda intake: intake.size(queue), 0)

    def _early(self, look: Callable[[Intake], T], unknown: T) -> T:
        """Return what a look before the push tells, or `unknown`.

        A Redis that does not answer is not asked again for a moment: whoever looks for each job of
        a transaction must not wait for each.
        """
        if time.monotonic() < self._blind_until:
            return unknown
        limit = time_limit.change(time.monotonic() + self.timeout / 2)
        try:
            return look(self.store.intake)
        except StoreUnavailable:
            self._blind_until = time.monotonic() + BLIND
            return unknown
        finally:
            time_limit.deadline = limit

    def _push_until(
        self, last_try: float, portion: Portion, duplicates: Duplicates, bounds: Bounds
    ) -> None:
        while True:
            try:
                self.store.intake.push_all(portion, duplicates, bounds)
            except StoreUnavailable:
                # A push may be sent again: it inserts only what is new. A connection that broke
                # while idle fails soon.
                if time.monotonic() >= last_try:
                    raise
                time.sleep(min(PAUSE, self.timeout / 50))
            else:
                return

    def begin(self, portion: Portion) -> Underway | None:
        """Send jobs and leave the answer for later. Raise StoreUnavailable.

        Return None where that cannot be, and nothing is sent: `push_portion` can. So it is with a
        queue that may be full.
        """
        if len(portion) > 1 or not portion.keys().isdisjoint(bounding.bounds()):
            return None
        limit = time_limit.change(time.monotonic() + self.timeout)
        try:
            for queue, jobs in portion.items():
                return self.store.intake.begin(queue, jobs)
        finally:
            time_limit.deadline = limit
        return None

    def end(self, underway: Underway, portion: Portion, spent: float) -> bool:
        """Wait for the answer to a push, and tell whether Redis took it.

        Raise StoreUnavailable.
        """
        started = time.monotonic() - spent
        limit = time_limit.change(started + self.timeout)
        try:
            is_done = underway.is_done()
            if is_done:
                self._announce(started, portion)
        finally:
            time_limit.deadline = limit
        if is_done:
            _tell_of(portion)
        return is_done

    @property
    def store(self) -> Store:
        """The store that it pushes to, for features that ask the same Redis too."""
        if self._opened is None:
            self._opened = self._open_store()
        return self._opened

    def _announce(self, started: float, queues: Iterable[str]) -> None:
        """Make queues known, unless they are.

        When the push took long, a later push does it.
        """
        now = time.monotonic()
        due, known = now - ANNOUNCE_EVERY, self._announced
        new = [queue for queue in queues if queue not in known or known[queue] <= due]
        if not new or now - started >= self.timeout / 2:
            return
        self._announced.update(dict.fromkeys(new, now))
        try:
            self.store.intake.announce_queues(new)
        except Exception as error:  # noqa: BLE001  # the jobs are in, so no caller may hear of it
            emit(QueueNotAnnounced(",".join(new), error))


def count_of(portion: Portion) -> int:
    """Return the number of jobs."""
    return sum(map(len, portion.values()))


def portions(jobs: Sequence[tuple[str, NewJob]], bounds: Bounds = NO_BOUNDS) -> Iterator[Portion]:
    """Yield the jobs by queue, in portions of one round trip.

    A queue with a bound stands alone, so that all of a portion is in, or nothing. The portions keep
    the order of the jobs, so that those in the first ones are the first jobs.
    """
    portion: dict[str, list[NewJob]] = {}
    count = size = 0
    for queue, job in jobs:
        size += len(job.payload)
        is_full = size > MOST_BYTES or count >= MOST_JOBS
        if count and (is_full or (bounds and _stands_apart(queue, portion, bounds))):
            yield portion
            portion, count, size = {}, 0, len(job.payload)
        portion.setdefault(queue, []).append(job)
        count += 1 if job.claim is None else CLAIM_WEIGHT
    if portion:
        yield portion


def _stands_apart(queue: str, portion: Portion, bounds: Bounds) -> bool:
    """Tell whether a queue may not be in one portion with the others there."""
    return queue not in portion and (queue in bounds or not portion.keys().isdisjoint(bounds))


def _tell_of(portion: Portion, duplicates: Duplicates | None = None) -> None:
    if is_heard(JobEnqueued):
        left_out = duplicates or ()
        for queue, jobs in portion.items():
            for job in jobs:
                if job.id in left_out:
                    continue
                emit(JobEnqueued(job.id, queue, job.payload))


@until_settings_change
@functools.cache
def get_client() -> Client:
    """Return the client of the project's settings."""
    settings = get_settings()
    url, namespace, timeout = settings.redis_url, settings.namespace, settings.enqueue_timeout
    return Client(lambda: Store(url, namespace, timeout), timeout)
