"""The desk for alarms: which problems people were told of.

So a problem is told once as long as it lasts, whichever process finds it. It also keeps since when
a problem has been known, where nothing else in Redis tells it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.moment import seconds_of
from jobs.store.session import Session
from jobs.text import raw_of, text_of

#: A problem that was gone is told anew when it was not seen for so long. Seconds.
CALM = 1800
#: For so long nobody else tells people of problems. Seconds.
TURN = 60
#: Notes that nobody renews are forgotten. Seconds.
FORGET_AFTER = 7 * 86_400
#: Take a turn, also on a server that is full: people have to hear of that too. A turn that never
#: ends is none of ours, and would keep everybody silent.
TAKE_TURN = """#!lua flags=allow-oom
if redis.call('PTTL', KEYS[1]) == -1 then redis.call('DEL', KEYS[1]) end
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])
"""
#: Write so many notes, and delete others. A server that is full has room for them.
KEEP = """#!lua flags=allow-oom
for i = 3, 2 + 2 * ARGV[2], 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
for i = 3 + 2 * ARGV[2], #ARGV do
  redis.call('HDEL', KEYS[1], ARGV[i])
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
#: Give up a turn, if it is still ours.
END_TURN = """#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""


@dataclass(frozen=True, slots=True)
class Note:
    """A problem that people were told of.

    Times are epoch seconds by Redis' clock: since when it has lasted, None where that is unknown,
    and when it was last seen. It is over when a later look did not find it.
    """

    since: float | None
    seen_at: float
    is_over: bool = False

    def is_fresh_at(self, now: float) -> bool:
        """Whether the problem was there lately, so that nobody need be told again."""
        return now - self.seen_at < CALM

    def is_open_at(self, now: float) -> bool:
        """Whether the problem has lasted since it was noted."""
        return self.is_fresh_at(now) and not self.is_over

    def to_text(self) -> str:
        """Return it as Redis keeps it: `since seen_at state`."""
        since = "-" if self.since is None else f"{self.since:.3f}"
        return f"{since} {self.seen_at:.3f} {'over' if self.is_over else 'open'}"


def notes_of(hash_: Mapping[bytes, bytes]) -> dict[str, Note]:
    """Return the notes in a hash by the names of the problems.

    What cannot be read is left out, and so is told anew.
    """
    found = {}
    for name, value in hash_.items():
        parts = text_of(value).split(" ")
        seen_at = seconds_of(parts[1]) if len(parts) > 2 else None
        if seen_at is not None:
            found[text_of(name)] = Note(seconds_of(parts[0]), seen_at, is_over=parts[2] == "over")
    return found


class Alarms:
    """Keeps notes of problems through one session."""

    def __init__(self, session: Session) -> None:
        """Take the session without sending anything."""
        self._session = session
        self._client = session.client
        self._key = session.shared.problems
        self._turn_key = session.shared.telling
        self._turn = secrets.token_hex(8)

    def take_turn(self) -> bool:
        """Whether it is for us alone to tell people, for a minute.

        One round trip, O(1).
        """
        with self._session.available():
            return bool(self._client.eval(TAKE_TURN, 1, self._turn_key, self._turn, TURN))

    def end_turn(self) -> None:
        """Let others tell people.

        One round trip, O(1).
        """
        with self._session.available():
            self._client.eval(END_TURN, 1, self._turn_key, self._turn)

    def read(self) -> dict[str, Note]:
        """Return all notes by the names of their problems.

        One round trip, O(notes).
        """
        with self._session.available():
            found: Any = self._client.hgetall(self._key)
        return notes_of(found)

    def keep(self, notes: Mapping[str, Note], forgotten: Sequence[str] = ()) -> None:
        """Write notes, and delete others.

        One round trip, O(notes).
        """
        if not notes and not forgotten:
            return
        pairs = [raw_of(text) for name, note in notes.items() for text in (name, note.to_text())]
        names = map(raw_of, forgotten)
        with self._session.available():
            self._client.eval(KEEP, 1, self._key, FORGET_AFTER, len(notes), *pairs, *names)
