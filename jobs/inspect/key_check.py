"""Checks the keys themselves, for the doctor.

It looks at their types, names, owners and ends, and at keys that nobody knows of. What
can be repaired without losing anything is repaired: a key of the wrong type is renamed
and not deleted, and a counter that is no number is kept in another field. The rest is
named, with what to do by hand.
"""

from collections.abc import Iterable, Sequence

from jobs.inspect.outbox import refused_rows
from jobs.inspect.queues import queue_names
from jobs.problem import Problem, Problems
from jobs.store.census import Census
from jobs.store.keys import BESIDE_JOBS, KINDS, LIMIT_KINDS, SHARED_KINDS
from jobs.store.owner import Owner
from jobs.store.questions import refusals_explained
from jobs.store.reader import TIME_BITS, Reader
from jobs.text import shown, text_of

#: Most problems that one run of the doctor tells.
MOST_PROBLEMS = 500
#: Most bytes of a broken value that are shown.
MOST_BYTES = 60
#: After this a key expires that should have expired by itself. Seconds.
LAST_SECONDS = 60
#: Keys without which nobody can tell where a job belongs; see `KeyCheck.types`.
DECISIVE = frozenset({"payloads", "running", "leases"})
#: What is wrong between unique keys and jobs.
CLAIM_FAULTS = {
    "key": "The unique key {name} is kept for job {holder}, which neither waits nor runs.",
    "leftover": "It knows something of job {name}, which there is not.",
    "missing": "Job {name} is unique, and has not got its key.",
    "two": "Job {name} is unique, and job {holder} has its key: there are two of it.",
}
BY_HAND = "If one is enough, run: python manage.py jobs delete {name}"
REPAIRABLE = "Repair it with: python manage.py jobs doctor --repair"


class KeyCheck:
    """Looks at keys, and repairs them if it may.

    `mended` is what was repaired, `problems` what is left.
    """

    def __init__(self, reader: Reader, *, repair: bool) -> None:
        """Take the reader, and whether to repair."""
        self._reader = reader
        self._census = Census(reader)
        self._repair = repair
        self._left, self._mended = Problems(MOST_PROBLEMS), Problems(MOST_PROBLEMS)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is left."""
        problems = self._left.all()
        more = self._left.left_out
        if more:
            last = Problem("…", f"{more:,} more problems.", "Mend these, then look again.")
            return (*problems, last)
        return problems

    @property
    def mended(self) -> tuple[Problem, ...]:
        """What was repaired."""
        return self._mended.all()

    # All keys

    def shared_keys(self) -> None:
        """Check the keys that belong to no queue.

        Their types must be right, and heartbeats and requests to workers must expire.
        """
        shared = self._census.shared
        self._types({getattr(shared, name): kind for name, kind in SHARED_KINDS.items()})
        for keys in self._census.of_nobody():
            every_kind = {key: self._kind_of(key) for key in keys}
            known = {key: kind for key, kind in every_kind.items() if kind}
            wrong = self._types(known)
            of_workers = [key for key, kind in known.items() if kind != "string"]
            mortal = [key for key in of_workers if key not in wrong]
            self._ends(mortal, "It shows a worker, or asks something of one, and would never end.")

    def _kind_of(self, key: str) -> str:
        """Return the type that a key of no queue must have.

        It is empty where the type is not known.
        """
        shared = self._census.shared
        if key.startswith(shared.worker("")):
            return "list" if key.endswith(":requests") else "hash"
        metrics = shared.metric_names.removesuffix("names")
        if key.startswith(metrics) and key != shared.metric_names:
            return "string"
        return ""

    def queues(self) -> list[str]:
        """Return the names of all queues, and check them.

        Also of those that are not listed.
        """
        found: set[str] = set()
        for keys in self._census.of_queues():
            found |= {queue for _key, queue, last in keys if last in KINDS}
            self._types(_kinds_of_limits(keys))
            receipts = [key for key, _queue, last in keys if last.startswith("pushed:")]
            self._ends(receipts, "It says that a push was done, and would never end.")
        # Asked for after the scan, since a new queue is listed by its first push.
        names = queue_names(self._reader)
        unlisted = sorted(found.difference(names))
        for queue in unlisted:
            reason = f"Queue {queue} has jobs and is not among them, so no page shows it."
            is_mended = self._repair and self._census.announce(queue)
            self._settle(self._census.shared.queues, reason, is_mended=is_mended)
        for queue in names:
            if shown(queue) != queue:
                self._odd_name(queue)
        return [*names, *unlisted]

    def _odd_name(self, queue: str) -> None:
        key = self._census.shared.queues
        reason = f"It lists a queue whose name is not UTF-8: {queue}."
        command = f'SREM {key} "{shown(queue)}"'
        by_hand = f"It has keys, so by hand: move its jobs, then {command}."
        is_mended = self._repair and self._census.drop_name(queue)
        self._settle(key, reason, by_hand, is_mended=is_mended)

    # One queue

    def types(self, queue: str) -> tuple[frozenset[str], bool]:
        """Check the types of the keys of a queue.

        Return the parts that are still wrong, and whether to repair strays. Where a
        decisive key was set aside, jobs look lost that are not: workers first have to
        write it again. So for a minute no doctor repairs strays.
        """
        parts = {key: name for name, key in self._census.queue_keys(queue).items()}
        kinds = {key: KINDS[name] for key, name in parts.items()}
        was_wrong = frozenset(parts[key] for key in self._of_wrong_type(kinds))
        wrong = self._types(kinds, self._census.mending(queue))
        may_repair = self._repair and was_wrong.isdisjoint(DECISIVE)
        repairs = may_repair and not self._census.is_mending(queue)
        return frozenset(parts[key] for key in wrong), repairs

    def ids(self, queue: str, place: str, job_ids: Iterable[str]) -> None:
        """Name the ids that are not UTF-8.

        Such jobs run like others, but people cannot enter their ids.
        """
        for job_id in job_ids:
            if shown(job_id) != job_id:
                key = self._census.queue_keys(queue)[place]
                reason = f"It holds an id that is not UTF-8: {job_id}."
                remedy = "It can run. To be rid of it, by hand: HDEL and ZREM it with redis-cli."
                self._settle(key, reason, remedy, is_mended=False)

    def owners(self, queue: str) -> None:
        """Check that each running job has an owner that can be read.

        The owner names the place to which the job goes back.
        """
        key = self._census.queue_keys(queue)["running"]
        for owners in self._census.owners(queue):
            for job_id, held_by in owners:
                owner = Owner.parse(held_by)
                if not owner.is_sound and owner.worker:  # one without a worker is a stray
                    self._owner(queue, key, job_id, held_by)

    def _owner(self, queue: str, key: str, job_id: bytes, held_by: bytes) -> None:
        """Give a running job a place to go back to.

        It is the head of its priority.
        """
        worker, _, _ = held_by.rpartition(b"|")
        score = (100 - self._census.priority(queue, job_id)) << TIME_BITS
        value = worker + b"|%d" % score
        is_mended = self._repair and self._census.replace_field(key, job_id, held_by, value=value)
        owner = text_of(held_by[:MOST_BYTES])
        reason = f"Job {text_of(job_id)} runs under an owner that cannot be read: {owner}."
        self._settle(key, reason, is_mended=is_mended)

    def counters(self, queue: str) -> None:
        """Check that the counters are numbers.

        With another value a worker could not finish a job.
        """
        key = self._census.queue_keys(queue)["stats"]
        for field, value in self._census.bad_counts(queue).items():
            aside = field + b":set-aside"
            is_mended = self._repair and self._census.replace_field(
                key, field, value, by=aside, value=value
            )
            reason = f"Its field {text_of(field)} is no number: {text_of(value[:MOST_BYTES])}."
            self._settle(key, reason, is_mended=is_mended)

    # The database

    def outbox(self) -> None:
        """Name the jobs that wait in the outbox since Redis refused them."""
        for problem in refused_rows():
            self._left.add(problem)

    # Every kind

    def _types(self, kinds: dict[str, str], note: str = "") -> set[str]:
        """Check the types of these keys, and set aside those that are wrong.

        Return the keys that are still wrong.
        """
        wrong = set()
        for key, kind in self._of_wrong_type(kinds).items():
            is_mended = self._mend_type(key, kind, kinds[key], note)
            if not is_mended:
                wrong.add(key)
        return wrong

    def _of_wrong_type(self, kinds: dict[str, str]) -> dict[str, str]:
        """Return the keys of a wrong type, with the type they have."""
        found = zip(kinds, self._census.kinds(list(kinds)), strict=True)
        return {key: kind for key, kind in found if kind not in {"none", kinds[key]}}

    def _mend_type(self, key: str, kind: str, right_kind: str, note: str) -> bool:
        """Set aside a key of a wrong type, or name it.

        Return whether the key is no longer wrong.
        """
        reason = f"It is of type {kind} and should be {right_kind}."
        if key.endswith("}:payloads"):
            remedy = f"By hand: look what is in it, then RENAME {key}."
            self._settle(key, reason, remedy, is_mended=False)
            return False
        if not self._repair:
            self._settle(key, reason, is_mended=False)
            return False
        return self._set_aside(key, right_kind, reason, note)

    def _set_aside(self, key: str, kind: str, reason: str, note: str) -> bool:
        """Set a key aside, and return whether it is no longer wrong."""
        _, _, part = key.rpartition(":")
        if part not in DECISIVE:
            note = ""
        aside = self._census.set_aside(key, kind, note, LAST_SECONDS)
        if aside:
            self._mended.add(Problem(shown(key), reason, shown(f"Its content is now in {aside}.")))
        elif aside is not None:
            self._settle(key, reason, f"By hand: RENAME {key} to another name.", is_mended=False)
        return aside != ""

    def _ends(self, keys: Sequence[str], reason: str) -> None:
        """Check that these keys expire.

        It looks twice, since a key that was just written gets its end a moment later.
        """
        suspects = self._census.endless(keys)
        for key in self._census.endless(suspects):
            if self._repair:
                self._census.let_end(key, LAST_SECONDS)
            self._settle(key, reason, is_mended=self._repair)

    def kept(self, queue: str) -> None:
        """Check that unique keys, and what is kept beside jobs, agree with the jobs.

        Redis judges each portion in one atomic step, after the strays are put back.
        """
        sets = self._reader.store.sets
        for place in ("unique", *BESIDE_JOBS):
            key = self._census.queue_keys(queue)[place]
            for names in self._reader.ids(queue, place):
                with refusals_explained():
                    faults = sets.mend_keys(queue, place, names, repair=self._repair)
                for name, holder, fault in faults:
                    self._tell_of_claim(key, fault, {"name": name, "holder": holder})

    def _tell_of_claim(self, key: str, fault: str, names: dict[str, str]) -> None:
        reason = CLAIM_FAULTS[fault].format(**names)
        if fault == "two":
            self._settle(key, reason, BY_HAND.format(**names), is_mended=False)
        else:
            self._settle(key, reason, is_mended=self._repair)

    def _settle(self, key: str, reason: str, remedy: str = REPAIRABLE, *, is_mended: bool) -> None:
        if is_mended:
            self._mended.add(Problem(shown(key), shown(reason), ""))
        else:
            self._left.add(Problem(shown(key), shown(reason), shown(remedy)))


def _kinds_of_limits(keys: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return the types that the keys of limits must have.

    They look like keys of a queue `limit:NAME`, which no queue can be called.
    """
    return {
        key: LIMIT_KINDS[last]
        for key, queue, last in keys
        if last in LIMIT_KINDS and queue.startswith("limit:")
    }
