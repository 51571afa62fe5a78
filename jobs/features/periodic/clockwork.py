"""The clockwork of one supervisor: it fires the ticks of all entries.

Every other supervisor does the same, and there is no leader. Whoever comes first moves the cursor
of an entry in Redis, together with its job; all others see that. Its chore makes payloads as data:
no middleware, no database, and no code of the project runs here. It may be cut off anywhere, and
goes on where it was.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from jobs.errors import StoreUnavailable
from jobs.events import ScheduleFired, ScheduleSkipped, emit
from jobs.features.periodic.entries import Entry, entries
from jobs.features.periodic.opening import Openings, period_after
from jobs.features.periodic.times import IN_TIME, Due
from jobs.occasion import Occasion
from jobs.store import Store
from jobs.store.keys import first_name
from jobs.store.requests import Requests
from jobs.store.schedules import Fired, Schedules, Shot

#: How often a supervisor looks whether something is due. Seconds.
LOOK_EVERY = 0.25
#: How long one look may go on: what it has not seen to is seen to in the next. Seconds.
LONGEST_LOOK = 0.25
#: Longest random wait, so that not all supervisors come at once. Seconds.
LONGEST_WAIT = 0.5
#: How often it asks for Redis' time while nothing is due. Seconds.
ASK_AGAIN = 10.0
#: How long it waits before it opens its entries anew. Seconds.
OPEN_AGAIN = 2.0
#: How long whoever owns an entry may take to announce it. It is done at once. Seconds.
LONGEST_RIVALRY = 60.0


@dataclass(slots=True)
class Hand:
    """One entry that ticks here.

    `fires_at` is when to look at it next, in ms: its next tick and a random wait. It is None where
    no tick comes any more.
    """

    entry: Entry
    fires_at: float | None


class Clockwork:
    """Fires the ticks of entries, one look at a time."""

    def __init__(
        self,
        find: Callable[[], Sequence[Entry]] = entries,
        chance: Callable[[], float] = random.random,
        uptime: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what finds the entries, and randomness and a clock for tests."""
        self._find = find
        self._chance = chance
        self._uptime = uptime
        self._openings: Openings | None = None
        self._hands: list[Hand] | None = None
        self._opens_at = 0.0
        #: Since when an entry has an owner that announces nothing, by our own clock.
        self._rival_since: float | None = None
        #: When Redis last told what is announced, by our own clock.
        self._seen_at = float("-inf")
        #: Redis' time when it was asked, in ms, and our own clock then.
        self._asked: tuple[int, float] = (0, float("-inf"))
        #: Whether Redis' clock was set back since the hands were set, so that they are wrong.
        self._was_set_back = False

    def look(self, store: Store) -> None:
        """Fire what is due. Raise StoreUnavailable, and what else went wrong with an entry."""
        if self._hands is None:
            self._open(store)
            return
        if self._uptime() - self._asked[1] >= ASK_AGAIN:
            self._ask(store)
            if self._is_outdated(store):  # also where nothing ticks, since another owns it all
                self._open_anew()
                return
        now = self._estimate()
        due = [hand for hand in self._hands if hand.fires_at is not None and hand.fires_at <= now]
        if due:
            self._see_to(store, due)

    # Entries

    def _open(self, store: Store) -> None:
        """Open all entries, and set the hands of those that tick here."""
        if self._uptime() < self._opens_at:
            return
        self._ask(store)
        openings = self._openings
        # Whoever has announced something in the last moment is no rival, but newer.
        if openings is None or (not self._is_changed(store) and self._waits_in_vain()):
            openings = Openings(self._find(), boot=self._new_boot(store))
            self._openings, self._rival_since = openings, None
        ticking = openings.go(store, self._asked[0])
        self._note_rival(openings)
        if ticking is None:
            return
        self._was_set_back = False
        self._hands = [Hand(entry, None) for entry, _ in ticking]
        for hand, (_, cursor) in zip(self._hands, ticking, strict=True):
            self._set(hand, cursor)

    def _new_boot(self, store: Store) -> int:
        """Return when this supervisor starts, by Redis' clock, in ms.

        One clock decides who has the newest code. It may have been ahead when others started, or
        people overrode an entry, and who starts after them is newer all the same. One round trip.
        """
        home = Schedules(store).home()
        newest = max(home.boot, *(override.revision for override in home.overrides.values()), -1)
        return max(self._asked[0], newest + 1)

    def _is_outdated(self, store: Store) -> bool:
        """Return whether the entries are to be opened anew. At most one round trip.

        Something has changed, or an entry has an owner that is gone.
        """
        return self._waits_in_vain() or self._is_changed(store)

    def _is_changed(self, store: Store) -> bool:
        """Return whether something was announced, or changed by people, since they were opened.

        Also where Redis' clock was set back. At most one round trip.
        """
        if self._was_set_back or self._openings is None:
            return True
        is_changed = self._openings.is_outdated(Schedules(store))
        seen_at, self._seen_at = self._seen_at, self._uptime()
        if self._rival_since is not None and self._seen_at - seen_at > 2 * ASK_AGAIN:
            self._rival_since = self._seen_at  # the owner could not reach Redis either
        return is_changed

    def _note_rival(self, openings: Openings) -> None:
        """Note since when another owns an entry, and announces nothing."""
        if not openings.has_rival:
            self._rival_since = None
        elif self._rival_since is None:
            self._rival_since = self._uptime()

    def _waits_in_vain(self) -> bool:
        """Return whether the owner of an entry will never announce it.

        It has ended between opening and announcing. Or it was what people had overridden, and Redis
        has forgotten that. Nobody fires such an entry until a boot starts that is newer.
        """
        since = self._rival_since
        return since is not None and self._uptime() - since >= LONGEST_RIVALRY

    def _open_anew(self) -> None:
        """Open all entries again soon.

        Others own some of them by now, people have changed some, or Redis has forgotten them.
        """
        self._hands = None
        self._opens_at = self._uptime() + OPEN_AGAIN

    def _set(self, hand: Hand, cursor: int) -> None:
        """Set a hand to the tick after the cursor."""
        tick = hand.entry.schedule.next_after(cursor)
        hand.fires_at = None if tick is None else tick + self._chance() * LONGEST_WAIT * 1000

    # Time

    def _ask(self, store: Store) -> None:
        expected = self._estimate()
        self._asked = (int(store.now() * 1000), self._uptime())
        self._was_set_back |= self._asked[0] < expected - IN_TIME

    def _estimate(self) -> float:
        at, uptime = self._asked
        return at + (self._uptime() - uptime) * 1000

    # Ticks

    def _see_to(self, store: Store, due: Sequence[Hand]) -> None:
        """Fire what nobody fired, as far as one look goes.

        To count what a long outage has missed takes up to 30 ms for an entry.
        """
        self._ask(store)
        ends_at = self._asked[1] + LONGEST_LOOK
        desk = Schedules(store)
        if self._is_outdated(store):
            self._open_anew()
            return
        failures: list[Exception] = []
        for hand, cursor in _with_cursors(desk, due):
            if self._uptime() > ends_at:
                break
            try:
                self._see_to_one(store, desk, hand, cursor)
            except StoreUnavailable:
                raise  # what is left is done in the next look
            except Exception as error:  # noqa: BLE001  # the others must tick all the same
                hand.fires_at = self._asked[0] + IN_TIME
                failures.append(error)
        if failures:
            raise failures[0]

    def _see_to_one(self, store: Store, desk: Schedules, hand: Hand, cursor: int | None) -> None:
        entry, now = hand.entry, self._asked[0]
        if cursor is None or _is_ahead(entry, cursor, now):
            self._open_anew()
            return
        due = entry.schedule.due(cursor, now)
        if due is None:  # somebody else was here
            self._set(hand, cursor)
            return
        shot = _shot(store.namespace, entry, cursor, due, now)
        fired = desk.fire(entry.queue, shot)
        if fired.word in {"unknown", "foreign"} or fired.cursor is None:
            self._open_anew()
            return
        self._set(hand, fired.cursor)
        if fired.word == "fired":
            emit(ScheduleFired(entry.name, shot.job_id, due.tick / 1000))
        elif fired.word not in {"late", "early"}:
            emit(ScheduleSkipped(entry.name, fired.word, due.tick / 1000, due.missed))
        cancel_previous(store, fired)


def _with_cursors(desk: Schedules, due: Sequence[Hand]) -> list[tuple[Hand, int | None]]:
    """Return hands with the cursors of their entries, the most overdue first.

    One round trip for each queue.
    """
    found: list[tuple[Hand, int | None]] = []
    by_queue = sorted(due, key=lambda hand: hand.entry.queue)
    for queue, group in groupby(by_queue, key=lambda hand: hand.entry.queue):
        hands = list(group)
        found += zip(hands, desk.cursors(queue, [hand.entry.name for hand in hands]), strict=True)
    return sorted(found, key=lambda pair: pair[0].fires_at or 0.0)


def cancel_previous(store: Store, fired: Fired) -> None:
    """Have the run before cancelled where the schedule says so.

    That is a request to its worker. One round trip then.
    """
    if fired.worker:
        Requests(store).put(first_name(fired.worker), f"cancel {fired.previous}")


def _shot(namespace: str, entry: Entry, cursor: int, due: Due, now: int) -> Shot:
    """Return a tick that is due, as data."""
    tick = due.tick
    longest = max(IN_TIME, round(entry.schedule.catch_up.total_seconds() * 1000))
    job_id, due_at = entry.job_id(namespace, tick), entry.due_at(tick)
    occasion = Occasion(entry.name, tick / 1000, due.missed)
    return Shot(
        name=entry.name,
        spec=entry.spec,
        cursor=cursor,
        tick=tick,
        next=entry.schedule.next_after(tick),
        overlap=entry.schedule.overlap,
        job_id=job_id,
        payload=entry.payload(job_id, occasion, now, due_at),
        priority=entry.priority,
        due=due_at,
        missed=due.missed,
        skip="missed" if now - tick > longest else "",
    )


def _is_ahead(entry: Entry, cursor: int, now: int) -> bool:
    """Tell whether a cursor is ahead by more than a minute and a period."""
    return cursor > now + max(IN_TIME, period_after(entry, now))
