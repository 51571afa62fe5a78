"""The job reader: where a job is, and what stands around it.

Like `reader` it only looks, and what it takes from Redis is bounded.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, get_args

from django.utils.translation import gettext as _

from jobs.store.keys import KINDS
from jobs.store.owner import Owner
from jobs.store.questions import Question
from jobs.store.reader import MOST_SHOWN, PLACES, Place, Reader, SetName
from jobs.store.set_reader import MOST_BYTES, longest_payload
from jobs.text import shown, text_of

#: The longest note that is read, in bytes. No job of ours writes one as long.
LONGEST_NOTE = 10_000
SET_NAMES: tuple[SetName, ...] = get_args(SetName)
#: How many questions tell the place of a job.
PLACE_QUESTIONS = 2 + len(SET_NAMES)
#: The longest payload that a list of jobs reads for each of them, in bytes.
SHORT_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Location:
    """Where a job is: its payload, its place, and the score there.

    `worker` is empty unless the job runs. `too_long` is the number of bytes of a payload that is
    too long to be read, else 0. `note` is what the job told of its progress.
    """

    queue: str
    payload: bytes
    place: SetName | Literal["running"] | None
    score: float
    worker: str
    too_long: int = 0
    note: bytes | None = None


class JobReader:
    """Looks for jobs through a reader."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader, which keeps what cannot be read.

        Nothing is sent yet.
        """
        self._reader = reader
        self._store = reader.store

    def locate(self, queues: Sequence[str], job_id: str) -> Location | None:
        """Return where a job is, or None if none of these queues has it.

        Three round trips, O(queues + log n).
        """
        questions = [
            Question(self._store.keys(queue).payloads, "hstrlen", (job_id,)) for queue in queues
        ]
        lengths = self._reader.ask(questions)
        holding = [queue for queue, length in zip(queues, lengths, strict=True) if length]
        return self._locate(holding or queues, job_id)

    def _locate(self, queues: Sequence[str], job_id: str) -> Location | None:
        """Look into every place of these queues, also for an id without a payload."""
        asked = []
        for queue in queues:
            asked.append(Question(self._store.keys(queue).notes, "hstrlen", (job_id,)))
            asked += self._place_questions(queue, job_id)
        answers = iter(self._reader.ask(asked))
        for queue in queues:
            note_length = next(answers)
            length, *places = islice(answers, PLACE_QUESTIONS)
            if not length and all(place is None for place in places):
                continue
            where = self._location(queue, job_id, *places)
            if length > longest_payload():
                return replace(where, too_long=length)
            has_note = 0 < note_length <= LONGEST_NOTE
            payload, note = self._texts(queue, job_id, has_note=has_note)
            if payload is not None:  # else it has just ended, or only its id is left
                return replace(where, payload=payload, note=note)
        return None

    def _texts(
        self, queue: str, job_id: str, *, has_note: bool
    ) -> tuple[bytes | None, bytes | None]:
        """Return the payload of a job, and the note that it may have."""
        keys = self._store.keys(queue)
        asked = [Question(keys.payloads, "hget", (job_id,), default=None)]
        if has_note:
            asked.append(Question(keys.notes, "hget", (job_id,), default=None))
        payload, *notes = self._reader.ask(asked)
        return payload, notes[0] if notes else None

    def briefly(self, queue: str, job_ids: Sequence[str]) -> list[Location]:
        """Return where each of these jobs is, with its payload if that is short.

        Two round trips, O(k log n).
        """
        asked = [each for job_id in job_ids for each in self._place_questions(queue, job_id)]
        answers = iter(self._reader.ask(asked))
        lengths: dict[str, int] = {}
        locations: dict[str, Location] = {}
        for job_id in job_ids:
            lengths[job_id], *places = islice(answers, PLACE_QUESTIONS)
            where = self._location(queue, job_id, *places)
            locations[job_id] = replace(where, too_long=lengths[job_id])
        for job_id, payload in self._short_payloads(queue, lengths).items():
            if payload:
                locations[job_id] = replace(locations[job_id], payload=payload, too_long=0)
        return [locations[job_id] for job_id in job_ids]  # one may be asked for twice

    def _short_payloads(self, queue: str, lengths: Mapping[str, int]) -> dict[str, bytes]:
        """Return the payloads that are short, by the ids of their jobs."""
        key = self._store.keys(queue).payloads
        short = [job_id for job_id, length in lengths.items() if 0 < length <= SHORT_BYTES]
        found = self._reader.ask([Question(key, "hget", (each,), default=b"") for each in short])
        return dict(zip(short, found, strict=True))

    def still_running(self, jobs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Location]:
        """Return those of these (queue, id) that still run.

        They have their payload and note where these are short. Two round trips, O(k).
        """
        asked = [question for each in jobs for question in self._running_questions(*each)]
        answers = iter(self._reader.ask(asked))
        found: dict[tuple[str, str], Location] = {}
        payloads: dict[tuple[str, str], Question] = {}
        notes: dict[tuple[str, str], Question] = {}
        for job in jobs:
            queue, job_id = job
            held_by, length, note_length = islice(answers, 3)
            if held_by is None:
                continue  # it has ended since
            owner, keys = Owner.parse(held_by), self._store.keys(queue)
            found[job] = Location(queue, b"", "running", owner.score, owner.worker, length)
            if 0 < length <= SHORT_BYTES:
                payloads[job] = Question(keys.payloads, "hget", (job_id,), default=b"")
            if 0 < note_length <= LONGEST_NOTE:
                notes[job] = Question(keys.notes, "hget", (job_id,), default=None)
        texts = iter(self._reader.ask([*payloads.values(), *notes.values()]))
        for job in payloads:
            found[job] = replace(found[job], payload=next(texts) or b"", too_long=0)
        for job in notes:
            found[job] = replace(found[job], note=next(texts))
        return found

    def _running_questions(self, queue: str, job_id: str) -> list[Question]:
        keys = self._store.keys(queue)
        return [
            Question(keys.running, "hget", (job_id,), default=None),
            Question(keys.payloads, "hstrlen", (job_id,)),
            Question(keys.notes, "hstrlen", (job_id,)),
        ]

    def whole(self, queue: str, job_ids: Sequence[str]) -> Iterator[dict[str, bytes | None]]:
        """Yield the payloads of these jobs by id, half a megabyte each time.

        It is None where a payload is too long to be read. One that is gone is left out. A round
        trip for all, and one for each half megabyte.
        """
        key = self._store.keys(queue).payloads
        lengths = self._reader.ask([Question(key, "hstrlen", (each,)) for each in job_ids])
        portion: dict[str, bytes | None] = {}
        wanted: list[str] = []
        size = 0
        for job_id, length in zip(job_ids, lengths, strict=True):
            if length > longest_payload():
                portion[job_id] = None
                continue
            wanted.append(job_id)
            size += length
            if size >= MOST_BYTES:
                yield portion | self._payloads(key, wanted)
                portion, wanted, size = {}, [], 0
        yield portion | self._payloads(key, wanted)

    def _payloads(self, key: str, job_ids: Sequence[str]) -> dict[str, bytes | None]:
        found = self._reader.ask([Question(key, "hget", (each,), default=b"") for each in job_ids])
        return {job_id: raw for job_id, raw in zip(job_ids, found, strict=True) if raw}

    def _place_questions(self, queue: str, job_id: str) -> list[Question]:
        """Return what tells the length of a payload, and the place of its job."""
        keys = self._store.keys(queue)
        sets = [getattr(keys, name) for name in SET_NAMES]
        return [
            Question(keys.payloads, "hstrlen", (job_id,)),
            Question(keys.running, "hget", (job_id,), default=None),
            *(Question(key, "zscore", (job_id,), default=None) for key in sets),
        ]

    def places(
        self, queue: str, ids: Sequence[str], leave_out: Collection[str]
    ) -> dict[str, list[Place]]:
        """Return in which places each job is.

        Those left out are not looked into. One round trip, O(k log n).
        """
        keys = self._store.keys(queue)
        places = [place for place in PLACES if place not in leave_out]
        commands = {place: "hexists" if KINDS[place] == "hash" else "zscore" for place in places}
        asked = [
            Question(getattr(keys, place), command, (job_id,), default=None)
            for job_id in ids
            for place, command in commands.items()
        ]
        answers = iter(self._reader.ask(asked))
        return {job_id: [place for place in places if _is_there(next(answers))] for job_id in ids}

    def ahead(self, queue: str, job_id: str) -> int | None:
        """Return how many jobs will be taken before this one.

        Return None if it is not ready. One round trip, O(log n).
        """
        [rank] = self._reader.ask(
            [Question(self._store.keys(queue).ready, "zrank", (job_id,), default=None)]
        )
        return None if rank is None else int(rank)

    def lease_seconds(self, queue: str, worker: str) -> float | None:
        """Return how long a worker keeps its jobs without a renewal.

        In seconds. It is 0 when the worker was given up, and None if it is unknown. O(1).
        """
        leases = Question(self._store.keys(queue).leases, "zscore", (worker,), default=None)
        [deadline], now = self._reader.ask([leases]), self._reader.now()
        if deadline is None or not math.isfinite(deadline):
            return None
        return max(0.0, float(deadline) / 1000 - now)

    def _location(
        self, queue: str, job_id: str, held_by: bytes | None, *scores: float | None
    ) -> Location:
        if held_by is not None:
            owner = Owner.parse(held_by)
            if not owner.is_sound:
                values = {"id": shown(job_id), "owner": shown(text_of(held_by[:MOST_SHOWN]))}
                reason = _("Job %(id)s runs under an owner that cannot be read: %(owner)s") % values
                self._reader.note(self._store.keys(queue).running, reason)
            return Location(queue, b"", "running", owner.score, owner.worker)
        for name, score in zip(SET_NAMES, scores, strict=True):
            if score is not None:
                return Location(queue, b"", name, score, "")
        return Location(queue, b"", None, 0.0, "")


def _is_there(answer: object) -> bool:
    """Tell whether an answer to `hexists` or `zscore` says that a job is there."""
    return answer is not None and answer is not False
