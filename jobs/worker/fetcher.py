"""Takes work from the queues in their order, and hands in what is finished.

Both go in one round trip to each queue. Not thread-safe: the buffer sees to it that one
thread fetches at a time. Beside it another thread may sleep, with fetches of its own
that wait behind the bell: see `arming.py`.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from jobs.conf import JobsSettings
from jobs.errors import StoreUnavailable
from jobs.events import JobsFound, JobsLost, LeaseLapsed, emit
from jobs.store import Fetched, Leases, Store, Terms
from jobs.uptime import uptime
from jobs.worker.arming import Arming
from jobs.worker.board import Board
from jobs.worker.catch import Catch
from jobs.worker.custody import Custody
from jobs.worker.membership import Membership
from jobs.worker.obstacles import Obstacles
from jobs.worker.queue_order import QueueOrder
from jobs.worker.unit import Unit, number_in

#: Most finished ids in one round trip: with 300 Redis is busy for less than a millisecond.
MOST_FINISHED = 300
#: How long a round that takes nothing goes on from queue to queue, in seconds.
LONGEST_HAND_IN = 2.0

#: Finished units by queue and by the name under which they were taken.
FinishedByName = Mapping[tuple[str, str], Sequence[Unit]]


class Fetcher:
    """Fetches for one worker process."""

    def __init__(
        self,
        store: Store,
        order: QueueOrder,
        board: Board,
        base_name: str,
        custody: Custody,
        settings: JobsSettings,
    ) -> None:
        """Take the store, the queues, and the name that the supervisor gave."""
        self._store = store
        self._order = order
        self._custody = custody
        self._terms = Terms.of(settings)
        self._leases = Leases(store, self._terms)
        self._membership = Membership(order.names, base_name, board)
        self._obstacles = Obstacles(store, order.names, settings)
        self.arming = Arming(store, order, custody, self._membership, self._terms)
        #: The name of the worker for people to see.
        self.name = base_name
        #: Queues that had more coroutines than there are places.
        self.crowded: set[str] = set()
        #: How often a queue has been asked, whatever came of it.
        self.visits = 0
        #: Tells how many places for coroutines are free.
        self.free_places: Callable[[], int] = lambda: settings.async_concurrency

    def fetch(
        self,
        count: int,
        finished: FinishedByName,
        heard: AbstractSet[str],
        only: AbstractSet[str] | None = None,
    ) -> Catch:
        """Hand in what is finished, and take up to `count` jobs.

        With `only`, jobs are taken from those queues alone. `heard` are the queues
        whose bell we heard: one that is not served here is to be served by others.
        Raises nothing: what failed stands in the answer.
        """
        catch = Catch(heard=set(heard))
        for queue in self._in_turn(count):
            is_sought = count > 0 and (only is None or queue in only)
            wanted = self._sought(queue, count, catch) if is_sought else 0
            ended = {name: units for (of, name), units in finished.items() if of == queue}
            if not (wanted or ended or queue in heard or queue in self._custody.doubtful):
                continue
            if seconds := self._obstacles.seconds_left(queue):
                catch.note_due(seconds)
                continue
            self.visits += 1
            try:
                self._visit(queue, wanted, ended, catch)
                catch.has_answer = True
                self._obstacles.overcome(queue)
            except Exception as error:  # noqa: BLE001  # whatever Redis answers, what it gave already must not be lost
                if not self._goes_on_after(queue, error, catch):
                    break
        return catch

    def note_outage(self) -> None:
        """Note that a connection broke somewhere in this process.

        Redis may know more or less of us than we think.
        """
        self._custody.doubt(self._order.names)

    def note_hanging(self, queues: AbstractSet[str]) -> None:
        """Note that the node of some queues hangs.

        In a cluster the other queues are served meanwhile.
        """
        if queues and self._store.is_spread:
            self._obstacles.shun(queues)

    def served(self) -> list[str]:
        """Return the queues from which work could be taken now."""
        away = self._obstacles.away
        return [q for q in self._order.names if self._wanted(q, 1) and q not in away]

    def _sought(self, queue: str, count: int, catch: Catch) -> int:
        """Return how many jobs to take from a queue after those before it."""
        if catch.units:  # a higher queue had work, so this one is not asked
            catch.is_unsure = True
            return 0
        return self._wanted(queue, count)

    def _wanted(self, queue: str, count: int) -> int:
        return min(count, self.free_places()) if queue in self.crowded else count

    def _in_turn(self, count: int) -> Iterator[str]:
        """Yield the queues in the order of this round.

        A round that takes nothing ends soon: the chores have more to do. What it leaves is seen to
        in the next.
        """
        ends_at = math.inf if count else time.monotonic() + LONGEST_HAND_IN
        for queue in self._order.next():
            yield queue
            if time.monotonic() > ends_at:
                return

    # One queue

    def _visit(
        self, queue: str, wanted: int, ended: Mapping[str, Sequence[Unit]], catch: Catch
    ) -> None:
        name = self._membership.name_in(queue)
        for old_name in ended.keys() - {name}:
            self._hand_in_late(ended[old_name], catch)
        if queue in self._custody.doubtful and not self._look_around(queue, catch):
            return
        begin_by = uptime() + self._terms.lease / 2
        own, count = ended.get(name, ()), 0 if catch.units else wanted
        fetched, first = self._call(queue, name, count, own, catch)
        if fetched.state == "given up":
            self._take_new_name(queue, catch)
            return
        if fetched.state == "new" and self._membership.has_joined(queue):
            # Redis has forgotten that we joined, and who knows what else.
            self._custody.doubtful.add(queue)
        self._membership.join(queue, fetched.clock)
        catch.heard.discard(queue)
        catch.take(fetched, queue, name, first, begin_by)

    def _hand_in_late(self, units: Sequence[Unit], catch: Catch) -> None:
        """Finish what was taken under a name that was given up since.

        Somebody else may have taken it back already.
        """
        discard: dict[str, Any] = {"destination": "discard", "counter": "processed"}
        for unit in units:
            is_ours = self._store.running.fail(unit.queue, unit.token, unit.id, b"", **discard)
            if not is_ours:
                emit(JobsLost(unit.worker, unit.queue, [unit.id]))
            catch.ended.append(unit)

    def _call(
        self,
        queue: str,
        name: str,
        wanted: int,
        finished: Sequence[Unit],
        catch: Catch,
        *,
        voids: bool = False,
    ) -> tuple[Fetched, int]:
        """Send one fetch, and one more for each 300 that are finished.

        Return the last answer and its first number. One that takes nothing has no
        number, unless it is to make void what was sent before it.
        """
        while True:
            portion, finished = finished[:MOST_FINISHED], finished[MOST_FINISHED:]
            count = 0 if finished else wanted
            first = self._custody.reserve(count) if count or voids else 0
            pairs = [(unit.id, unit.number) for unit in portion]
            fetched = self._store.running.fetch(
                queue, name, count, terms=self._terms, first=first, finished=pairs
            )
            catch.ended += portion
            if fetched.lost and queue not in self._custody.doubtful:
                emit(JobsLost(name, queue, fetched.lost))
            if not finished:
                return fetched, first

    def _look_around(self, queue: str, catch: Catch) -> bool:
        """Compare what Redis says of us with what we know.

        Return False if others gave us up. A fetch that takes nothing comes first: its
        number makes void whatever was sent before and not executed yet. What others
        have armed before is theirs, and so is all that is newer.
        """
        name = self._membership.name_in(queue)
        doubts, begin_by = self._custody.doubts, uptime() + self._terms.lease / 2
        open_numbers = self.arming.numbers()
        held = self._custody.numbers()
        fetched, newest = self._call(queue, name, 0, (), catch, voids=True)
        if fetched.state == "given up":
            self._take_new_name(queue, catch)
            return False
        self._membership.join(queue, fetched.clock)
        running = self._store.running.list_running(queue, name)
        listed = {number: job_id for job_id, token in running if (number := number_in(token))}
        unknown = {n for n in listed.keys() - held - open_numbers if n < newest}
        deliveries = self._custody.deliveries_of(unknown)
        catch.again += {id(each): each for each in deliveries.values()}.values()
        taken = {number: listed[number] for number in sorted(unknown - deliveries.keys())}
        catch.units += self._take_up(queue, name, taken, begin_by)
        catch.gone |= self._custody.numbers_of(queue, name) & held - listed.keys()
        for old_name in self._membership.lapsed_in(queue):
            self._give_up_again(queue, old_name)
        if self._custody.doubts == doubts:
            self._custody.doubtful.discard(queue)
        return True

    def _take_up(
        self, queue: str, name: str, taken: Mapping[int, str], begin_by: float
    ) -> list[Unit]:
        """Return units of jobs that a lost fetch took: their ids by their numbers."""
        found = []
        for number, job_id in taken.items():
            raw = self._store.running.payload(queue, job_id)
            if raw is not None:
                found.append(Unit(queue, name, job_id, raw, number, begin_by))
        if found:
            emit(JobsFound(name, queue, len(found)))
        return found

    def _give_up_again(self, queue: str, name: str) -> None:
        """Give back what a name still has that was given up.

        Redis may have forgotten that it was.
        """
        held = self._custody.numbers_of(queue, name)
        running = self._store.running.list_running(queue, name)
        jobs = [(token, job_id, b"") for job_id, token in running if number_in(token) not in held]
        if jobs:
            self._store.running.release(queue, jobs)
        if not held:
            self._leases.condemn(queue, name)
            self._leases.leave(queue, name)

    def _take_new_name(self, queue: str, catch: Catch) -> None:
        """Go on under a new name in a queue where others gave us up.

        They have what we had there, begun or not.
        """
        lapsed = self._membership.take_new_name(queue)
        self._custody.doubtful.discard(queue)
        catch.gone |= self._custody.numbers_of(queue, lapsed)
        catch.note_due(0.0)
        emit(LeaseLapsed(lapsed, queue, self._membership.name_in(queue)))

    def _goes_on_after(self, queue: str, error: Exception, catch: Catch) -> bool:
        """Note a failure at one queue, and return whether to try the others."""
        catch.error = catch.error or error
        self._custody.doubtful.add(queue)
        seconds = self._obstacles.meet(queue, error)
        if isinstance(error, StoreUnavailable):
            self.note_outage()
        if seconds is not None:
            catch.note_due(seconds)
        return seconds is not None
