"""The desk for periodic entries: opens them, fires them, notes their runs.

Used by the feature `periodic`. All times are whole milliseconds by Redis' clock.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from jobs.store.reader import WHOLE
from jobs.store.schedule_home import Home, home_of, number_in
from jobs.store.session import Session
from jobs.text import text_of

#: What the hash of a queue holds of each entry, as "kind:name".
KINDS = (
    *("cursor", "spec", "clock", "boot", "margin", "next", "owed", "done", "took", "begun"),
    *("last", "fired", "runs", "paused", "closed"),
)


class Opening(Struct, frozen=True):
    """An entry as a boot opens it.

    `clock` is a hash of its time expression and zone, `spec` one of everything. A new cursor begins
    at `start`, before the tick `next`. `boot` says who owns it: the newest one does. For what
    people have changed it is the revision of that.
    """

    name: str
    queue: str
    boot: int
    spec: str
    clock: str
    start: int
    next: int | None
    period: int
    margin: int


class Left(Struct, frozen=True):
    """What an entry leaves in the queue that it moves from."""

    cursor: str = ""
    clock: str = ""
    paused: str = ""


class Opened(NamedTuple):
    """What came of an opening: open, ahead, foreign or closed."""

    word: str
    cursor: int


class Shot(Struct, frozen=True):
    """One tick of an entry, to be fired.

    Without a cursor it is a run by hand. `missed` counts the ticks before it that nobody fired.
    `skip` says why it is not to run, empty if it is to.
    """

    name: str
    spec: str
    cursor: int | None
    tick: int
    next: int | None
    overlap: str
    job_id: str
    payload: bytes
    priority: int
    due: int
    missed: int = 0
    skip: str = ""


class Fired(NamedTuple):
    """What came of a shot.

    `worker` is to cancel the run `previous` for it, if it is not empty.
    """

    word: str
    cursor: int | None
    worker: str
    previous: str


class Schedules:
    """Keeps periodic entries through one session."""

    def __init__(self, session: Session) -> None:
        """Take the session without sending anything."""
        self._session = session

    # Who knows which entries

    def home(self) -> Home:
        """Return where all entries are at home.

        One round trip, O(entries).
        """
        with self._session.available():
            found: Any = self._session.client.hgetall(self._session.shared.schedules)
        return home_of(found)

    def newest(self) -> tuple[int, int]:
        """Return the newest boot, and the generation of what people change.

        -1 and 0 where there is none. One round trip, O(1).
        """
        with self._session.available():
            home = self._session.shared.schedules
            found: Any = self._session.client.hmget(home, ["boot", "generation"])
        return number_in(found[0], -1), number_in(found[1])

    def announce(
        self,
        boot: int,
        entries: Sequence[tuple[str, str, str]],
        specs: Mapping[str, str] | None = None,
        classes: Sequence[str] = (),
    ) -> bool:
        """Say that a boot knows just these entries, and these classes as schedulable.

        Each entry is a name, its queue, and the queue that it was closed in. Return False if a
        newer boot was here, or an entry lives in another queue by now. One round trip, O(entries).
        """
        known = specs or {}
        parts = [part for entry in entries for part in (*entry, known.get(entry[0], ""))]
        args = [boot, " ".join(classes), *parts]
        with self._session.available():
            keys = [self._session.shared.schedules]
            return bool(self._session.scripts.run("announce_schedules", keys, args))

    # Entries

    def open(self, openings: Sequence[Opening], left: Mapping[str, Left]) -> list[Opened]:
        """Open entries in their queues.

        `left` says by name what entries left in another queue. One round trip, on a cluster one for
        each.
        """
        calls = [
            (
                self._keys(each.queue),
                [
                    *(each.name, each.spec, each.clock, each.boot, each.start, _text(each.next)),
                    *(each.period, each.margin),
                    *_parts(left.get(each.name, Left())),
                ],
            )
            for each in openings
        ]
        return [
            Opened(text_of(word), number_in(cursor))
            for word, cursor in self._run_each("open_schedule", calls)
        ]

    def close(self, queue: str, name: str, boot: int) -> Left | None:
        """Close an entry in the queue that it leaves.

        Return None if a newer boot owns it there. It may be done again. One round trip, O(1).
        """
        answer = self._run("close_schedule", queue, [name, boot])
        word, *left = map(text_of, answer)
        return Left(*left) if word == "closed" else None

    def cursors(self, queue: str, names: Sequence[str]) -> list[int | None]:
        """Return the last tick of each entry that was fired or skipped.

        It is None for one that the queue does not know, or whose cursor is no time. One round trip,
        O(entries).
        """
        fields = [f"cursor:{name}" for name in names]
        with self._session.available():
            key = self._session.keys(queue).schedules
            found: list[Any] = self._session.client.hmget(key, fields)
        return [int(each) if each and WHOLE.fullmatch(each) else None for each in found]

    def fire(self, queue: str, shot: Shot) -> Fired:
        """Fire or skip one tick.

        It may be sent again: whoever comes second is told so. One round trip, O(log n). Raise
        StoreUnavailable, also where Redis is full.
        """
        cursor = _text(shot.cursor)
        args = [
            *(shot.name, shot.spec, cursor, shot.tick, _text(shot.next), shot.skip, shot.overlap),
            *(shot.job_id, shot.payload, shot.priority, shot.due, shot.missed),
        ]
        word, now_at, worker, previous = self._run("fire", queue, args)
        cursor_now = number_in(now_at) if now_at else None
        return Fired(text_of(word), cursor_now, text_of(worker), text_of(previous))

    def note_run(
        self, queue: str, name: str, tick: int, job_id: str, word: str, *, is_success: bool
    ) -> None:
        """Note how a run has ended.

        One round trip, O(1).
        """
        self._run("note_run", queue, [name, tick, job_id, word, int(is_success)])

    def pause(self, queue: str, name: str) -> None:
        """Skip every tick of an entry from now on.

        One round trip, O(1).
        """
        with self._session.available():
            self._session.client.hset(self._session.keys(queue).schedules, f"paused:{name}", "1")

    def resume(self, queue: str, name: str) -> None:
        """Fire the ticks of an entry again.

        One round trip, O(1).
        """
        with self._session.available():
            self._session.client.hdel(self._session.keys(queue).schedules, f"paused:{name}")

    def forget(self, queue: str, name: str) -> None:
        """Delete all that is known of an entry.

        A supervisor that knows it writes it again. Two round trips, O(1).
        """
        fields = [f"{kind}:{name}" for kind in KINDS]
        with self._session.available():
            self._session.client.hdel(self._session.keys(queue).schedules, *fields)
            shared = [f"{kind}:{name}" for kind in ("queue", "spec", "override")]
            self._session.client.hdel(self._session.shared.schedules, *shared)

    # Calls

    def _keys(self, queue: str) -> tuple[str, ...]:
        keys = self._session.keys(queue)
        return (*keys.all, keys.schedules)

    def _run(self, script: str, queue: str, args: Sequence[object]) -> list[bytes]:
        with self._session.available():
            found: list[bytes] = self._session.scripts.run(script, self._keys(queue), args)
        return found

    def _run_each(
        self, script: str, calls: Sequence[tuple[Sequence[str], Sequence[object]]]
    ) -> list[list[bytes]]:
        """Run a script for each of these.

        Raise what Redis says of the first that it refuses.
        """
        with self._session.available():
            answers = self._session.scripts.run_each(script, calls)
            for answer in answers:
                if isinstance(answer, Exception):
                    raise answer
        return answers


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _parts(left: Left) -> tuple[str, str, str]:
    return left.cursor, left.clock, left.paused
