"""The small buffer between Redis and the threads of a process.

Taking work is batched, running it is not. A thread that finds the stock low makes the round trip
itself (it leads), and the others work on. One idle thread sleeps on the bell, and wakes with a job
in its hands. Finished ids travel with the next fetch. No thread holds the lock while it talks to
Redis or sleeps, so that another can hand in its finish at once. What cannot be sent is kept.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jobs.errors import StoreUnavailable
from jobs.store import Store
from jobs.store.bell import Bell, Heard
from jobs.worker.catch import Catch
from jobs.worker.custody import Custody, Delivery
from jobs.worker.deliveries import Deliveries
from jobs.worker.duties import Duties
from jobs.worker.fetcher import Fetcher
from jobs.worker.gate import Gate
from jobs.worker.lookout import Lookout
from jobs.worker.outage import PAUSES, Outage
from jobs.worker.prospect import Prospect
from jobs.worker.stock import Finished, Stock
from jobs.worker.unit import Unit, by_name


class Buffer:
    """Shared by all threads of one worker process."""

    def __init__(
        self,
        fetcher: Fetcher,
        store: Store,
        bell: Bell,
        custody: Custody,
        threads: int,
        heartbeat: float,
    ) -> None:
        """Take what talks to Redis, and the number of threads that will call `take`."""
        self._fetcher = fetcher
        self._bell = bell
        #: What this process has in its hands.
        self.custody = custody
        self._changed = threading.Condition(threading.Lock())
        #: Whether work is taken.
        self.gate = Gate(self._changed, self.wake)
        self._stock = Stock(threads)
        self._finished = Finished()
        self._deliveries = Deliveries(store, custody, fetcher.note_outage)
        self._prospect = Prospect(heartbeat)
        self._outage = Outage()
        self._duties = Duties()
        self._lookout = Lookout(self._changed, self._stock, self._duties, threads)

    # For the threads

    def take(self) -> Unit | None:
        """Wait for the next unit, and return None when the gate is closed.

        While there is plenty it takes no lock: who loses the GIL with one in hand holds up all.
        """
        stock = self._stock
        is_plenty = len(stock.units) > stock.low_mark and not self.gate.is_quiet
        if is_plenty and (unit := stock.pop()) is not None:
            return unit
        duties = self._duties
        with self._changed:
            duties.idle += 1
            try:
                while self.gate.lets_in():
                    waiting = len(stock.units)
                    if waiting > stock.low_mark or (waiting and not self._can_refill()):
                        if (unit := stock.pop()) is not None:
                            return unit
                    elif not duties.is_leading and (
                        self._prospect.may_find or self._finished.may_go()
                    ):
                        self._exchange()
                    elif not duties.is_leading and not duties.is_sleeping:
                        self._sleep()
                    else:
                        self._lookout.wait()
                return None
            finally:
                duties.idle -= 1
                self._lookout.wake_another()

    def _can_refill(self) -> bool:
        """Whether this thread may fetch ahead, so that nobody has to wait."""
        return self._prospect.may_find and not self._duties.is_leading and not self._outage.pause

    def finish(self, unit: Unit, elapsed: float) -> None:
        """Hand in a job that is done, without taking a lock."""
        self._finished.add(unit)
        stock = self._stock  # as in `measured`, without the call
        stock.mean_seconds += 0.1 * (elapsed - stock.mean_seconds)

    def settle(self, unit: Unit, send: Callable[[], bool]) -> None:
        """Record any other end of a job by `send`.

        It says whether the job was still ours. If Redis is away, it is called again later.
        """
        self._deliveries.record(Delivery((unit,), send))

    def give_back(self, unit: Unit) -> None:
        """Hand in a unit that was not begun: recalled, overdue or without a place."""
        self._deliveries.return_unbegun(unit)

    def crowded(self, queue: str) -> None:
        """Note that a queue has coroutines for which there is no place.

        From now on no more are taken than there are places.
        """
        self._fetcher.crowded.add(queue)

    def note_room(self) -> None:
        """Note that there is a place for a coroutine again, where some had none."""
        if self._fetcher.crowded:
            self.wake()

    def measured(self, elapsed: float) -> None:
        """Note how many seconds a job took."""
        self._stock.mean_seconds += 0.1 * (elapsed - self._stock.mean_seconds)

    # For the thread of the chores

    def tend(self) -> None:
        """Send what is late, and give back what no thread has time for.

        Called many times a second.
        """
        self._deliveries.send_again()
        with self._changed:
            # Where all threads are busy, nobody else would look what Redis has forgotten, or ring
            # for others.
            is_owed = self._finished.is_late() or self.custody.doubtful or self._prospect.heard
            if is_owed and not self._duties.is_leading and self._outage.may_try():
                self._exchange(is_chore=True)
            is_over = self.gate.is_quiet or self._stock.is_stale()
            units = self._stock.take_all() if is_over else []
        self._deliveries.give_back(units)

    def end_taking_unless(self, taken_since: int) -> bool:
        """Take no more work for good, unless we hold some or have taken some.

        `taken_since` is what `custody.takings` was. Return whether it takes no more.
        """
        return self.gate.close_if(lambda: self.is_idle and self.custody.takings == taken_since)

    def wake(self) -> None:
        """Wake the thread that sleeps on the bell, without asking Redis."""
        self._prospect.note_anywhere()
        self._bell.interrupt()

    def note_outage(self) -> None:
        """Note that somebody else in this process met an absent Redis."""
        self._fetcher.note_outage()

    @property
    def is_idle(self) -> bool:
        """Whether this process holds no job and owes Redis no answer."""
        return self.custody.is_empty() and self._deliveries.is_empty and not self._finished

    @property
    def turns(self) -> int:
        """How often a queue was asked, or a round or a sleep has ended."""
        return self._duties.turns + self._fetcher.visits

    @property
    def is_waiting(self) -> bool:
        """Whether threads wait for work, so that another round trip is due."""
        return bool(self._duties.idle) and not self.gate.is_quiet

    @property
    def worker(self) -> str:
        """The name of this worker."""
        return self._fetcher.name

    # One round trip; the caller holds the lock

    def _exchange(self, *, is_chore: bool = False) -> None:
        """Lead a round trip: hand in what is finished, and take work.

        A chore takes no work. Others take some only where there may be any.
        """
        prospect, duties = self._prospect, self._duties
        sent = self._finished.take_all()
        count = 0
        if prospect.may_find and not is_chore and not self.gate.is_quiet:
            # The sleeper is not awake to run one; what is left in Redis rings its bell.
            count = self._stock.count_wanted(duties.idle - duties.is_sleeping)
            # What others note while we are out is newer than what we bring, and they may take all.
            prospect.may_find = False
            self._stock.low_mark = 0
        heard, only = prospect.take_heard(), prospect.only
        duties.is_leading = True
        if self._stock.units:  # another thread runs what is there
            self._lookout.wake_another()
        try:
            with self._unlocked():
                catch = self._fetcher.fetch(count, by_name(sent), heard, only)
            self._finished.note_answered(sent, catch.ended)
            self._accept(catch)
            prospect.heard |= catch.heard
            if catch.is_away:
                self._note_failure(catch.error)
                if not is_chore:
                    with self._unlocked():
                        self.gate.pause(self._outage.pause)
            else:
                if catch.has_answer:  # queues that Redis refuses are not asked each time
                    self._outage.end()
                if count:
                    prospect.note_fetch(catch, only)
                    self._stock.set_low_mark(len(catch.units), duties.idle)
                elif catch.more:
                    prospect.note_anywhere()
        finally:
            duties.is_leading = False
            self._lookout.wake_another()

    def _accept(self, catch: Catch) -> None:
        """Take over what a round or a sleep brought: either is a turn."""
        self._duties.turns += 1
        if catch.ended:
            self.custody.end(Delivery(catch.ended))
        for delivery in catch.again:
            self._owe(delivery)
        if catch.gone:
            self.custody.drop(self._stock.remove(catch.gone))
        self.custody.hold(catch.units)
        self._stock.add(catch.units)

    def _owe(self, delivery: Delivery) -> None:
        """Send again what Redis has forgotten.

        Finished jobs go with the next fetch, all others one by one.
        """
        if delivery.send is None:
            self._finished.add_again(delivery.units)
        else:
            self._deliveries.owe(delivery)

    def _note_failure(self, error: Exception | None) -> None:
        self._outage.note(self.worker, error)
        self._prospect.note_anywhere()

    def _sleep(self) -> None:
        """Sleep until a bell rings, a job is due or a heartbeat has passed."""
        seconds = self._prospect.seconds()
        if seconds <= 0:
            self._prospect.note_anywhere()
            return
        served, heard = self._fetcher.served(), Heard()
        threads = 0 if self._bell.is_coarse else self._duties.idle
        armed = self._fetcher.arming.arm(served, threads, seconds)
        self._duties.is_sleeping = True
        try:
            with self._unlocked():
                heard = self._bell.wait(seconds, served, armed)
        except Exception as error:  # noqa: BLE001  # whatever Redis answers, a thread must not end
            self._fetcher.note_outage()
            if not isinstance(error, StoreUnavailable):
                # The next exchange meets an absent Redis too, and reports it.
                self._note_failure(error)
            with self._unlocked():  # it may be the bell alone that is broken
                self.gate.pause(max(self._outage.pause, PAUSES[0]))
        finally:
            self._duties.is_sleeping = False
            self._fetcher.note_hanging(heard.hanging)
            catch = self._fetcher.arming.disarm(served, heard)
            self._accept(catch)
            self._prospect.note_sleep(catch)

    @contextmanager
    def _unlocked(self) -> Iterator[None]:
        self._changed.release()
        try:
            yield
        finally:
            self._changed.acquire()
