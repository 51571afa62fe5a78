"""The desk for what people change of schedules: entries in the database, and overrides.

Used by the feature `periodic`. Supervisors read what it writes, and open no database.
"""

from collections.abc import Mapping, Sequence

from jobs.store.schedule_home import Home
from jobs.store.schedules import KINDS, Schedules
from jobs.store.session import Session


class KeptSchedules:
    """Keeps the mirror of the database, and overrides, through one session."""

    def __init__(self, session: Session) -> None:
        """Take the session without sending anything."""
        self._session = session
        self._home = session.shared.schedules

    def home(self) -> Home:
        """Return where all entries are at home, and what is mirrored.

        One round trip, O(entries).
        """
        return Schedules(self._session).home()

    def take_turn(self, period: float) -> bool:
        """Return whether it is our turn to mirror.

        For so many seconds it is nobody else's. One round trip, O(1).
        """
        key, milliseconds = self._session.shared.mirroring, round(period * 1000)
        with self._session.available():
            return bool(self._session.client.set(key, 1, nx=True, px=milliseconds))

    def write(self, generation: int, documents: Mapping[str, str], gone: Sequence[str]) -> int:
        """Write entries of the database by name, each as "on document" or "off document".

        Those that are `gone` are dropped. Return the new generation, 0 if somebody else has written
        since the one that the caller saw. One round trip, O(entries).
        """
        changed = {f"kept:{name}": text for name, text in documents.items()}
        return self._write(generation, changed | {f"kept:{name}": "" for name in gone})

    def drop_homes(self, generation: int, names: Sequence[str]) -> int:
        """Let entries that were retired be at home nowhere.

        Return what `write` returns. One round trip, O(entries).
        """
        return self._write(generation, {f"queue:{name}": "" for name in names})

    def settle(self, entries: Sequence[tuple[str, int, str, str]]) -> list[bool]:
        """Say where entries of the database live.

        Each is a name, its revision, its queue, and the queue that it was closed in. Return for
        each whether it is so. One round trip, O(entries).
        """
        args = [part for entry in entries for part in entry]
        with self._session.available():
            answers = self._session.scripts.run("settle_schedules", [self._home], args)
        return [bool(answer) for answer in answers]

    def retire(self, queue: str, name: str, generation: int) -> None:
        """Forget an entry that was deleted. One round trip, O(1)."""
        keys = self._session.keys(queue)
        args = [name, generation, *(kind for kind in KINDS if kind != "closed")]
        with self._session.available():
            self._session.scripts.run("retire_schedule", (*keys.all, keys.schedules), args)

    def override(self, name: str, spec: str, document: str) -> bool:
        """Give an entry of this spec another time.

        An empty document takes that back. Return False where the newest code has another version of
        it. One round trip, O(1).
        """
        with self._session.available():
            args = [name, spec, document]
            return bool(self._session.scripts.run("override_schedule", [self._home], args))

    def _write(self, generation: int, fields: Mapping[str, str]) -> int:
        args = [generation, *(part for field in fields.items() for part in field)]
        with self._session.available():
            return int(self._session.scripts.run("mirror_schedules", [self._home], args))
