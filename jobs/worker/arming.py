"""The fetches that wait behind the bell while a thread sleeps.

Each brings one job at once. The sleeper arms them, and says afterwards what became of
them. Meanwhile another thread may fetch: its numbers are higher, so Redis lets an armed
fetch take nothing that comes after it. Nobody adopts what an armed fetch has taken
before its answer is read.

ARCHITECTURE.md goes through everything that an armed fetch can cross with.
"""

from collections.abc import Collection
from itertools import takewhile
from typing import NamedTuple

from jobs.store import Fetched, Store, Terms
from jobs.store.bell import Armed, Heard
from jobs.store.running import fetched_in
from jobs.uptime import uptime
from jobs.worker.catch import Catch
from jobs.worker.custody import Custody
from jobs.worker.membership import Membership
from jobs.worker.queue_order import QueueOrder

#: Most fetches behind one bell: each is executed, whichever queue it was that rang.
MOST_ARMED = 4
#: For how much longer than the sleep a fetch may take something, in seconds.
ARMED_BEYOND = 1.0


class ArmedFetch(NamedTuple):
    """One fetch that waits.

    `begin_by`, by `uptime`, is for the unit that it may bring.
    """

    name: str
    number: int
    begin_by: float


class Arming:
    """The armed fetches of one worker process: of one sleeper at a time."""

    def __init__(
        self,
        store: Store,
        order: QueueOrder,
        custody: Custody,
        membership: Membership,
        terms: Terms,
    ) -> None:
        """Start with nothing armed."""
        self._store = store
        self._order = order
        self._custody = custody
        self._membership = membership
        self._terms = terms
        self._armed: dict[str, ArmedFetch] = {}

    def arm(self, served: Collection[str], threads: int, seconds: float) -> Armed:
        """Return the commands of fetches that are to wait behind the bell, by queue.

        They may take something for so many seconds and a little longer. The first of
        the queues that are served get one, at most as many as threads are idle. No
        lower queue is served before a higher one: where one cannot be armed, none
        behind it is.
        """
        queues = [queue for queue in self._order.next() if queue in served]
        first = takewhile(self._can_be_armed, queues[: min(threads, MOST_ARMED)])
        # A fetch has just renewed the lease, and while we sleep the supervisor does.
        begin_by = uptime() + self._terms.lease / 2
        self._armed = {
            queue: ArmedFetch(self._membership.name_in(queue), self._custody.reserve(1), begin_by)
            for queue in first
        }
        return {
            queue: self._store.running.armed_fetch(
                queue,
                armed.name,
                terms=self._terms,
                first=armed.number,
                until=self._membership.clock_in(queue, seconds + ARMED_BEYOND),
            )
            for queue, armed in self._armed.items()
        }

    def numbers(self) -> set[int]:
        """Return the numbers of which the sleeper may bring units still.

        Any thread may call this.
        """
        return {armed.number for armed in list(self._armed.values())}

    def disarm(self, served: Collection[str], heard: Heard) -> Catch:
        """Return what the armed fetches brought.

        One without an answer may have taken something: then its queue is in doubt.
        """
        catch = Catch(heard=set(heard.queues), more=heard.queues - self._armed.keys())
        # Without a bell it was time for something: a job may be due in a queue that was not asked.
        catch.is_unsure = not (heard.queues or self._armed.keys() >= set(served))
        for queue, armed in self._armed.items():
            answer = heard.answers.get(queue)
            if answer is None or isinstance(answer, Exception):
                catch.is_unsure = True
                self._custody.doubt([queue])
            else:
                self._take(queue, armed, fetched_in(answer), catch)
        self._armed = {}
        return catch

    def _can_be_armed(self, queue: str) -> bool:
        """Whether Redis knows us in a queue, as far as we know.

        A fetch that waits renews no lease, so the queue must have us already.
        """
        is_certain = queue not in self._custody.doubtful
        return is_certain and self._membership.has_joined(queue)

    def _take(self, queue: str, armed: ArmedFetch, fetched: Fetched, catch: Catch) -> None:
        """Take over what an armed fetch brought, unless its name has lapsed meanwhile.

        It is held before that is looked at. So either we see the new name, or whoever
        takes the new name sees what is held under the old one.
        """
        if fetched.state != "good":
            catch.is_unsure = True
            return
        brought = Catch()
        brought.take(fetched, queue, armed.name, armed.number, armed.begin_by)
        self._custody.hold(brought.units)
        if self._membership.name_in(queue) != armed.name:
            self._custody.drop(brought.units)
            catch.is_unsure = True
            return
        catch.units += brought.units
        catch.more |= brought.more
        catch.note_due(brought.next_due)
        catch.heard.discard(queue)
