"""Opens the entries of one boot, and tells which of them tick here.

The newest boot owns every entry of the code that it knows. An entry of the database is owned by its
newest revision, whoever opens it. An owner takes an entry along when its queue has changed: close
in the old queue, open in the new one, then say where it is at home. Whoever crashes in between
leaves the old home written down, so the next one does the same again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobs.events import ScheduleReset, emit
from jobs.features.periodic.entries import Entry
from jobs.features.periodic.kept import kept_entries, overridden, schedulable_classes
from jobs.features.periodic.times import IN_TIME
from jobs.store import Store
from jobs.store.kept_schedules import KeptSchedules
from jobs.store.schedule_home import Home
from jobs.store.schedules import Left, Opened, Opening, Schedules

#: Entries that are opened in one round trip.
PORTION = 50


@dataclass(frozen=True, slots=True)
class Version:
    """An entry as it is now.

    The highest `boot` owns it: that of a supervisor, or the revision of what people wrote. A new
    cursor begins at `since`, in ms.
    """

    entry: Entry
    boot: int
    since: int


class Openings:
    """The entries of one boot, opened portion by portion.

    So it may be cut off, and go on where it was.
    """

    def __init__(
        self,
        found: Sequence[Entry],
        *,
        boot: int,
        find_classes: Callable[[], list[str]] = schedulable_classes,
    ) -> None:
        """Take the entries of the code, and when their supervisor started by Redis' clock."""
        self._all = tuple(found)
        self._boot = boot
        self._classes = find_classes()
        #: The newest boot and generation when the entries were opened last.
        self._newest = (boot, 0)
        #: Whether another boot owned an entry then, though the newest announcement is like ours.
        self.has_rival = False
        self._begin()

    def _begin(self) -> None:
        self._home: Home | None = None
        self._pending: list[Version] = []
        self._ticking: list[tuple[Version, int]] = []
        self._foreign: list[str] = []
        self._closed_in: dict[str, str] = {}
        self._left_in: dict[str, str] = {}
        #: What closed entries left. Whoever is cut off need not close them once more.
        self._left: dict[str, Left] = {}

    def is_outdated(self, desk: Schedules) -> bool:
        """Return whether another boot has announced its entries since, or people changed one.

        One round trip.
        """
        return desk.newest() != self._newest

    def go(self, store: Store, now: int) -> list[tuple[Entry, int]] | None:
        """Open what is not open yet.

        Return the entries that tick here with their cursors, None if it has to be done again. One
        round trip for 50 entries, one for each that has moved, and three more, or five where there
        are some in the database. Raise StoreUnavailable.
        """
        desk = Schedules(store)
        if self._home is None:
            self._home = desk.home()
            self._pending = self._versions(self._home, now)
        home = self._home
        while self._pending:
            self._open(desk, self._pending[:PORTION], now, home)
            del self._pending[:PORTION]
        self._newest = (max(self._boot, home.boot), home.generation)
        self.has_rival = self._sees_rival(home)
        ticking = [(version.entry, cursor) for version, cursor in self._ticking]
        is_settled = self._boot < home.boot or self._announce(store, desk)
        is_settled = self._settle(store) and is_settled
        self._begin()
        if not is_settled:
            return None
        return [(entry, cursor) for entry, cursor in ticking if entry.is_on]

    # Which entries

    def _versions(self, home: Home, now: int) -> list[Version]:
        """Return the entries that are to be opened here, as they are now."""
        of_code = [
            self._version(each, home, now) for each in self._all if self._may_own(each, home)
        ]
        of_database = [
            Version(entry, home.kept[name].revision, _since(home.kept[name].revision, now))
            for name, entry in kept_entries(home).items()
            if self._boot >= home.boot or entry.job_class in home.classes
        ]
        return of_code + of_database

    def _may_own(self, entry: Entry, home: Home) -> bool:
        """Tell whether an entry of the code is to be opened.

        An older boot only joins where the newest one has it.
        """
        if self._boot >= home.boot:
            return True
        return entry.name in home.names and home.queues.get(entry.name) == entry.queue

    def _version(self, entry: Entry, home: Home, now: int) -> Version:
        """Return an entry of the code with what people have overridden.

        Also where they took it back: who has this very entry may open it anew.
        """
        override = home.overrides.get(entry.name)
        if override is None or override.spec != entry.spec:
            return Version(entry, self._boot, now)
        newest = max(self._boot, override.revision)
        return Version(overridden(entry, override), newest, _since(override.at, now))

    # Opening them

    def _open(self, desk: Schedules, portion: Sequence[Version], now: int, home: Home) -> None:
        openings: list[tuple[Version, Opening]] = []
        for version in portion:
            entry = version.entry
            old = home.queues.get(entry.name, entry.queue)
            if old != entry.queue and entry.name not in self._left:
                what_it_left = desk.close(old, entry.name, version.boot)
                if what_it_left is None:  # a newer one owns it there
                    self._left_in[entry.name] = old
                    continue
                self._left[entry.name] = what_it_left
                self._closed_in[entry.name] = old
            openings.append((version, _opening(version, now)))
        answers = desk.open([opening for _, opening in openings], self._left)
        for (version, _), opened in zip(openings, answers, strict=True):
            self._note(version, opened)

    def _note(self, version: Version, opened: Opened) -> None:
        if opened.word == "ahead":
            emit(ScheduleReset(version.entry.name))
        if opened.word in {"open", "ahead"}:
            self._ticking.append((version, opened.cursor))
        if opened.word == "foreign" and not version.entry.is_kept:
            self._foreign.append(version.entry.name)

    def _sees_rival(self, home: Home) -> bool:
        """Return whether an entry is foreign, though the newest announcement is ours or equal.

        Equal in all: an older version must take nothing from a newer one.
        """
        if self._boot >= home.boot or not self._foreign:
            return bool(self._foreign)
        announced = {name: home.specs.get(name) for name in home.names}
        is_equal = announced == {entry.name: entry.spec for entry in self._all}
        return is_equal and home.classes == set(self._classes)

    # Saying where they live

    def _announce(self, store: Store, desk: Schedules) -> bool:
        names = sorted({entry.queue for entry in self._all})
        if names:
            store.intake.announce_queues(names)
        announced = []
        for entry in self._all:
            queue = self._left_in.get(entry.name, entry.queue)
            announced.append((entry.name, queue, self._closed_in.get(entry.name, "")))
        specs = {entry.name: entry.spec for entry in self._all}
        return desk.announce(self._boot, announced, specs, self._classes)

    def _settle(self, store: Store) -> bool:
        """Say where the entries of the database live.

        Return False where one has changed since.
        """
        kept = [version for version, _ in self._ticking if version.entry.is_kept]
        if not kept:
            return True
        store.intake.announce_queues(sorted({version.entry.queue for version in kept}))
        return all(
            KeptSchedules(store).settle(
                [
                    (
                        *(each.entry.name, each.boot, each.entry.queue),
                        self._closed_in.get(each.entry.name, ""),
                    )
                    for each in kept
                ]
            )
        )


def _since(changed_at: int, now: int) -> int:
    """Return where an entry begins that people have changed.

    It takes a supervisor some seconds to see that, in which a tick may have come. A clock that was
    wrong may have put it into the future.
    """
    return min(changed_at, now) if changed_at > now - IN_TIME else now


def _opening(version: Version, now: int) -> Opening:
    """Return an entry as its queue is to know it."""
    entry = version.entry
    return Opening(
        name=entry.name,
        queue=entry.queue,
        boot=version.boot,
        spec=entry.spec,
        clock=entry.clock,
        start=version.since,
        next=entry.schedule.next_after(version.since) if entry.is_on else None,
        period=period_after(entry, now),
        # A run that jitter puts off is not late.
        margin=round((entry.schedule.margin + entry.schedule.jitter).total_seconds() * 1000),
    )


def period_after(entry: Entry, now: int) -> int:
    """Return the time between the next two ticks, 0 where there are no two."""
    following = entry.schedule.next_after(now)
    after_that = None if following is None else entry.schedule.next_after(following)
    return 0 if following is None or after_that is None else after_that - following
