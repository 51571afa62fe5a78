"""The small buffer between Redis and the threads of a process: taking work is batched, running it is not.

A thread that finds the buffer empty makes the round trip itself (it leads), and the others wait for what it brings;
one idle thread sleeps on the bell. Finished ids travel with the next fetch. No thread holds the lock while it talks
to Redis or sleeps, so that another can hand in its finish at once. A finish that cannot be sent is kept.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from jobs.errors import LeaseLapsed, StoreUnavailable
from jobs.events import emit
from jobs.store import Store
from jobs.store.bell import Bell
from jobs.worker.fetcher import Fetcher
from jobs.worker.unit import Unit

#: As much work as the buffer may hold, in seconds of the whole process.
AHEAD_SECONDS = 0.008
#: Most jobs in one fetch.
MOST_UNITS = 500
#: A finish is sent, and a unit given back, when it has waited for so long, in seconds.
LONGEST_WAIT = 0.025
#: Shortest and longest pause while Redis is away, in seconds.
PAUSES = (0.05, 1.0)


class Buffer:
    """Shared by all threads of one worker process."""

    def __init__(self, fetcher: Fetcher, store: Store, bell: Bell, threads: int, heartbeat: float) -> None:
        """Take what talks to Redis, and the number of threads that will call `take`."""
        self._fetcher = fetcher
        self._store = store
        self._bell = bell
        self._threads = threads
        self._heartbeat = heartbeat
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._quiet = threading.Event()
        self._units: deque[Unit] = deque()
        self._units_since = 0.0
        self._held: dict[str, Unit] = {}
        self._finished: deque[Unit] = deque()
        self._finished_since = 0.0
        self._unsent: deque[tuple[Unit, Callable[[], bool]]] = deque()
        self._idle = 0
        self._mean_seconds = 1.0
        self._is_leading = False
        self._is_sleeping = False
        self._may_find_work = True
        self._next_due: float | None = None
        self._low_mark = 0
        self._pause = 0.0
        self._tries_again_at = 0.0

    # For the threads

    def take(self) -> Unit | None:
        """Return the next unit; wait until there is one. None when the worker takes no more.

        While there is plenty it takes no lock: a thread that loses the GIL while it holds one keeps all others waiting.
        """
        if len(self._units) > self._low_mark and not self._quiet.is_set():
            with suppress(IndexError):
                return self._units.popleft()
        with self._changed:
            self._idle += 1
            try:
                while not self._quiet.is_set():
                    if len(self._units) > self._low_mark or (self._units and not self._can_refill):
                        return self._units.popleft()
                    if not self._is_leading and (self._may_find_work or self._finished):
                        self._exchange()
                    elif not self._is_leading and not self._is_sleeping:
                        self._sleep()
                    else:
                        self._changed.wait()
                return None
            finally:
                self._idle -= 1
                self._changed.notify()

    @property
    def _can_refill(self) -> bool:
        """Whether this thread may fetch more while the others still have work; so nobody waits for Redis."""
        return self._may_find_work and not self._is_leading and not self._pause

    def finish(self, unit: Unit, elapsed: float) -> None:
        """Hand in a job that is done; its id travels with the next fetch. Takes no lock, as `take`."""
        if not self._finished:
            self._finished_since = time.monotonic()
        self._finished.append(unit)
        self._mean_seconds += 0.1 * (elapsed - self._mean_seconds)

    def settle(self, unit: Unit, send: Callable[[], bool]) -> None:
        """Record any other end of a job by `send`, which says whether it was still ours; later if Redis is away."""
        try:
            is_ours = send()
        except StoreUnavailable:
            self._unsent.append((unit, send))
            return
        if not is_ours:
            emit(logging.WARNING, "worker.lost_jobs", {"worker": unit.worker, "queue": unit.queue, "ids": [unit.id]})
        with self._lock:
            self._held.pop(unit.id, None)

    def measured(self, elapsed: float) -> None:
        """Note how long a job took that did not end in `finish`."""
        with self._lock:
            self._mean_seconds += 0.1 * (elapsed - self._mean_seconds)

    # For the main thread

    def tend(self) -> None:
        """Send what waited too long, and give back units for which no thread had time. Called many times a second."""
        self._send_again()
        with self._lock:
            now = time.monotonic()
            is_late = bool(self._finished) and now - self._finished_since >= LONGEST_WAIT
            if is_late and not self._is_leading and now >= self._tries_again_at:
                self._exchange(is_taking=False)
            stale = bool(self._units) and (self._quiet.is_set() or now - self._units_since >= LONGEST_WAIT)
            units = self._drain() if stale else []
        self._release(units)

    def _send_again(self) -> None:
        while self._unsent:
            unit, send = self._unsent.popleft()
            try:
                self.settle(unit, send)
            except Exception as error:  # noqa: BLE001  # the job stays running until this process ends
                emit(logging.CRITICAL, "worker.fault", {"id": unit.id, "error": repr(error)}, error)
            if self._unsent and self._unsent[-1][0] is unit:
                return  # Redis is away still

    def be_quiet(self) -> None:
        """Take no more work; `take` returns None from now on."""
        self._quiet.set()
        with self._lock:
            self._changed.notify_all()
        self.wake()

    def wake(self) -> None:
        """End the sleep on the bell, if Redis can be reached."""
        try:
            self._bell.interrupt()
        except StoreUnavailable:
            return

    def note_outage(self) -> None:
        """Note that somebody else in this process met an absent Redis: all threads may be busy and know nothing."""
        self._fetcher.note_outage()

    @property
    def is_idle(self) -> bool:
        """Whether this process holds no job and owes Redis no answer."""
        with self._lock:
            return not (self._held or self._finished or self._unsent)

    def holds(self, job_id: str) -> bool:
        """Whether a job is in the hands of this process."""
        with self._lock:
            return job_id in self._held

    @property
    def worker(self) -> str:
        """The name of this worker."""
        return self._fetcher.name

    # One round trip; the caller holds the lock

    def _exchange(self, *, is_taking: bool = True) -> None:
        """Lead: hand in what is finished, and take as much as the threads will have done in a few milliseconds."""
        finished: dict[str, list[str]] = {}
        ended = [self._finished.popleft() for _ in range(len(self._finished))]
        for unit in ended:
            finished.setdefault(unit.queue, []).append(unit.id)
        count = self._count() if is_taking and not self._quiet.is_set() else 0
        self._is_leading = True
        try:
            with self._unlocked():
                catch = self._fetcher.fetch(count, finished, self._known)
        except LeaseLapsed:
            self._units.clear()
            self._held.clear()
        except Exception as error:  # noqa: BLE001  # whatever Redis answers, a thread must not end and take ids along
            self._finished.extendleft(reversed(ended))
            self._note_failure(error)
            if is_taking:
                with self._unlocked():
                    self._quiet.wait(self._pause)
        else:
            self._pause = 0.0
            self._accept(catch.units, finished)
            if count:
                self._may_find_work, self._next_due = catch.is_full, catch.next_due
        finally:
            self._is_leading = False
            self._changed.notify()

    def _count(self) -> int:
        """Return how many to take. The sleeper is not awake to run one; what is left in Redis rings its bell."""
        ahead = int(AHEAD_SECONDS * self._threads / max(self._mean_seconds, 1e-6))
        return min(self._idle - self._is_sleeping + ahead, MOST_UNITS)

    def _accept(self, units: list[Unit], finished: dict[str, list[str]]) -> None:
        for ids in finished.values():
            for job_id in ids:
                self._held.pop(job_id, None)
        self._held.update((unit.id, unit) for unit in units)
        if self._unsent and units:
            # A job that comes back was settled after all, though the answer was lost: to send it again would move the
            # job while it runs.
            back = {unit.id for unit in units}
            self._unsent = deque(unsent for unsent in self._unsent if unsent[0].id not in back)
        self._units.extend(units)
        self._units_since = time.monotonic()
        # What is left when half of it is gone is time enough for a round trip.
        self._low_mark = (len(units) - self._idle) // 2 if len(units) > self._idle else 0

    def _known(self) -> set[str]:
        with self._lock:
            return set(self._held)

    def _note_failure(self, error: Exception) -> None:
        if not self._pause:
            is_expected = isinstance(error, StoreUnavailable)
            fields = {"worker": self.worker, "error": error}
            emit(logging.ERROR, "worker.redis_away", fields, None if is_expected else error)
        self._may_find_work = True
        self._pause = min(max(PAUSES[0], self._pause * 2), PAUSES[1])
        self._tries_again_at = time.monotonic() + self._pause

    def _sleep(self) -> None:
        """Sleep on the bell until there is work, the next job is due, or a heartbeat has passed."""
        seconds = self._heartbeat if self._next_due is None else min(self._heartbeat, self._next_due)
        self._is_sleeping = True
        try:
            with self._unlocked():
                if seconds > 0:
                    self._bell.wait(seconds)
        except StoreUnavailable:
            pass  # the next exchange meets it too, and reports it
        finally:
            self._is_sleeping = False
            self._may_find_work = True

    @contextmanager
    def _unlocked(self) -> Iterator[None]:
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()

    def _drain(self) -> list[Unit]:
        """Take what is there, one by one: a thread may take from the other end meanwhile, and none may be had twice."""
        units = []
        with suppress(IndexError):
            while True:
                units.append(self._units.pop())
        return units

    def _release(self, units: list[Unit]) -> None:
        for unit in units:
            self.settle(unit, partial(self._give_back, unit))

    def _give_back(self, unit: Unit) -> bool:
        return self._store.release(unit.queue, unit.worker, [(unit.id, b"")]) == 1
