"""Opens the entries of one boot, and tells which of them tick here.

The newest boot owns every entry that it knows, and takes it along when its queue has changed:
close in the old queue, open in the new one, then say where it is at home. Whoever crashes in
between leaves the old home written down, so the next one does the same again.
"""

from collections.abc import Sequence

from jobs.events import ScheduleReset, emit
from jobs.features.periodic.entries import Entry
from jobs.store import Store
from jobs.store.schedules import Home, Left, Opened, Opening, Schedules

#: Entries that are opened in one round trip.
PORTION = 50


class Openings:
    """The entries of one boot, opened portion by portion.

    So it may be cut off, and go on where it was.
    """

    def __init__(self, found: Sequence[Entry], *, boot: int) -> None:
        """Take all entries, and when their supervisor started by Redis' clock, in ms."""
        self._all = tuple(found)
        self._boot = boot
        self._home: Home | None = None
        #: The newest boot when the entries were opened last.
        self._newest = boot
        self._begin()

    def _begin(self) -> None:
        self._pending = list(self._all)
        self._ticking: list[tuple[Entry, int]] = []
        self._closed_in: dict[str, str] = {}
        self._left_in: dict[str, str] = {}
        #: What closed entries left. Whoever is cut off need not close them once more.
        self._left: dict[str, Left] = {}
        self._home = None

    def is_outdated(self, desk: Schedules) -> bool:
        """Return whether another boot has announced its entries since. One round trip."""
        return desk.newest_boot() != self._newest

    def go(self, store: Store, now: int) -> list[tuple[Entry, int]] | None:
        """Open what is not open yet.

        Return the entries that tick here with their cursors, None if it has to be done again. One
        round trip for 50 entries, and two more. Raise StoreUnavailable.
        """
        desk = Schedules(store)
        if self._home is None:
            self._home = desk.home()
        home = self._home
        while self._pending:
            portion = self._pending[:PORTION]
            self._open(desk, [each for each in portion if self._may_own(each, home)], now, home)
            del self._pending[:PORTION]
        self._newest = max(self._boot, home.boot)
        ticking = self._ticking
        is_settled = self._boot < home.boot or self._announce(store, desk)
        self._begin()
        return ticking if is_settled else None

    def _may_own(self, entry: Entry, home: Home) -> bool:
        """Tell whether an entry is to be opened.

        An older boot only joins where the newest one has it.
        """
        if self._boot >= home.boot:
            return True
        return entry.name in home.names and home.queues.get(entry.name) == entry.queue

    def _open(self, desk: Schedules, portion: Sequence[Entry], now: int, home: Home) -> None:
        openings: list[tuple[Entry, Opening]] = []
        for entry in portion:
            old = home.queues.get(entry.name, entry.queue)
            if old != entry.queue and entry.name not in self._left:
                what_it_left = desk.close(old, entry.name, self._boot)
                if what_it_left is None:  # a newer boot owns it there
                    self._left_in[entry.name] = old
                    continue
                self._left[entry.name] = what_it_left
                self._closed_in[entry.name] = old
            openings.append((entry, _opening(entry, now)))
        answers = desk.open(self._boot, [opening for _, opening in openings], self._left)
        for (entry, _), opened in zip(openings, answers, strict=True):
            self._note(entry, opened)

    def _note(self, entry: Entry, opened: Opened) -> None:
        if opened.word == "ahead":
            emit(ScheduleReset(entry.name))
        if opened.word in {"open", "ahead"}:
            self._ticking.append((entry, opened.cursor))

    def _announce(self, store: Store, desk: Schedules) -> bool:
        names = sorted({entry.queue for entry in self._all})
        if names:
            store.intake.announce_queues(names)
        announced = []
        for entry in self._all:
            queue = self._left_in.get(entry.name, entry.queue)
            announced.append((entry.name, queue, self._closed_in.get(entry.name, "")))
        return desk.announce(self._boot, announced)


def _opening(entry: Entry, now: int) -> Opening:
    """Return an entry as its queue is to know it."""
    return Opening(
        name=entry.name,
        queue=entry.queue,
        spec=entry.spec,
        clock=entry.clock,
        start=now,
        next=entry.schedule.next_after(now),
        period=period_after(entry, now),
        # A run that jitter puts off is not late.
        margin=round((entry.schedule.margin + entry.schedule.jitter).total_seconds() * 1000),
    )


def period_after(entry: Entry, now: int) -> int:
    """Return the time between the next two ticks, 0 where there are no two."""
    following = entry.schedule.next_after(now)
    after_that = None if following is None else entry.schedule.next_after(following)
    return 0 if following is None or after_that is None else after_that - following
