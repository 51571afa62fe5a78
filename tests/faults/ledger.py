"""What a queue holds, kept by its history alone.

It knows which keys there are, and nothing of the rules by which scripts change them. What it
cannot understand of those keys is an error, so that no change is passed over.
"""

import itertools
from collections.abc import Iterable

import orjson

from jobs.store.keys import QueueKeys
from tests.faults.history import Words

WAITING = ("ready", "scheduled", "retry")
SETS = (*WAITING, "dead", "done")
#: The part of a score among the ready jobs that says when they came, in ms.
_TIME = 2**44


class Ledger:
    """The jobs of one queue, and where each is.

    `payloads` are raw, `places` hold scores by the name of their set, `running` says who has a job.
    `begun` are the jobs that left a worker otherwise than untouched. `inserted`, `vanished`,
    `given_back` (untouched), `revived` (no longer dead) and `touched` are those of the last unit;
    `was_running` and `was_dead` tell of the moment before.
    """

    def __init__(self, keys: QueueKeys) -> None:
        self._names = {
            getattr(keys, name).encode(): name for name in (*SETS, "payloads", "running")
        }
        self.payloads: dict[str, bytes] = {}
        self.places: dict[str, dict[str, float]] = {name: {} for name in SETS}
        self.running: dict[str, str] = {}
        self.begun: set[str] = set()
        self.inserted: list[str] = []
        self.vanished: dict[str, bytes] = {}
        self.touched: set[str] = set()
        self.revived: set[str] = set()
        self.given_back: set[str] = set()
        self.was_running: set[str] = set()
        self.was_dead: set[str] = set()

    def apply(self, unit: Iterable[Words]) -> None:
        """Change what one unit changes."""
        before, self.touched = dict(self.payloads), set()
        self.was_running, self.was_dead = set(self.running), set(self.places["dead"])
        for words in unit:
            if len(words) > 1 and (name := self._names.get(words[1])):
                self._change(words[0].upper(), name, [word.decode() for word in words[2:]], words)
        self.inserted = [i for i in self.touched if i in self.payloads and i not in before]
        self.vanished = {
            i: before[i] for i in self.touched if i in before and i not in self.payloads
        }
        back_from_death = self.touched & self.was_dead - self.places["dead"].keys()
        self.revived = back_from_death & self.payloads.keys()
        self._note_begun(before)

    def _note_begun(self, before: dict[str, bytes]) -> None:
        """Find out which jobs have begun.

        One that was given back untouched has not. One that was dead begins anew.
        """
        self.begun -= self.revived
        left = self.touched & self.was_running - self.running.keys()
        self.given_back = {
            job_id
            for job_id in left & self.places["ready"].keys()
            if self.payloads[job_id] == before.get(job_id)
        }
        self.begun |= left - self.given_back

    def set_of(self, job_id: str) -> list[str]:
        """Return every place that a job is in."""
        found = [name for name in SETS if job_id in self.places[name]]
        return found + ["running"] * (job_id in self.running)

    def came_at(self, job_id: str) -> int | None:
        """Return when a ready job became ready, in ms by Redis' clock."""
        score = self.places["ready"].get(job_id)
        return None if score is None else round(score % _TIME)

    def class_of(self, job_id: str) -> str:
        """Return the class of a job that is or was there."""
        return str(orjson.loads(self.payloads.get(job_id) or self.vanished[job_id])["job_class"])

    def _change(self, command: bytes, name: str, args: list[str], words: Words) -> None:
        if command in {b"DEL", b"UNLINK"}:
            raise ValueError(f"{name} was deleted as a whole")
        if name in {"payloads", "running"}:
            self._change_hash(command, name, args, words)
        else:
            self._change_set(command, self.places[name], args)

    def _change_hash(self, command: bytes, name: str, args: list[str], words: Words) -> None:
        table: dict[str, bytes] | dict[str, str] = getattr(self, name)
        if command in {b"HSET", b"HSETNX"}:
            ids = args[::2]
            if name == "payloads":
                self.payloads.update(zip(ids, words[3::2], strict=True))
            else:
                self.running.update(zip(ids, args[1::2], strict=True))
        elif command == b"HDEL":
            ids = args
            for job_id in ids:
                table.pop(job_id, None)
        else:
            raise ValueError(f"cannot understand {words}")
        self.touched.update(ids)

    def _change_set(self, command: bytes, scores: dict[str, float], args: list[str]) -> None:
        if command == b"ZADD":
            ids = args[1::2]
            scores.update(zip(ids, map(float, args[::2]), strict=True))
        elif command == b"ZREM":
            ids = args
            for job_id in ids:
                scores.pop(job_id, None)
        elif command == b"ZPOPMIN":
            count = int(args[0]) if args else 1
            lowest = sorted(scores, key=lambda job_id: (scores[job_id], job_id))
            ids = list(itertools.islice(lowest, count))
            for job_id in ids:
                del scores[job_id]
        else:
            raise ValueError(f"cannot understand {command!r} {args}")
        self.touched.update(ids)
