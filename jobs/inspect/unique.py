"""The places of unique jobs: who holds which key.

A place is a unique key with the job that holds it.
"""

from dataclasses import dataclass
from datetime import datetime

from jobs.inspect.queues import chosen_queues
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobRecord, record_of_location
from jobs.moment import moment
from jobs.problem import Problem
from jobs.store.claim_reader import ClaimReader, StoredClaim
from jobs.store.job_reader import JobReader
from jobs.store.reader import Reader

#: Most places that one look shows.
MOST_PLACES = 100


@dataclass(frozen=True, slots=True)
class UniquePlace:
    """A unique key and the job that holds it.

    `job` is None where the job has ended, and only its window is left. `ends_at` is when
    that window ends. The key holds a digest of arguments, and is empty for whoever may
    not see them.
    """

    queue: str
    job_class: str
    key: str
    holder: str
    job: JobRecord | None
    ends_at: datetime | None

    @property
    def digest(self) -> str:
        """The part of the key that stands behind the job class."""
        return self.key.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class UniquePlaces:
    """Some of the places, in the order of their classes.

    `total` counts all of these queues, whatever their class. `has_more` when there are
    more of this class than are shown, or may be.
    """

    places: tuple[UniquePlace, ...]
    total: int
    has_more: bool
    problems: tuple[Problem, ...] = ()


def unique_places(
    job_class: str = "", queue: str = "", *, reader: Reader | None = None
) -> UniquePlaces:
    """Return up to 100 places, of one job class and one queue if asked.

    It costs about five round trips for each queue that has any, and one for each 500 keys
    that a search goes through, 20,000 at most.
    """
    reader = reader or get_reader()
    claims = ClaimReader(reader)
    queues = chosen_queues(queue, reader)
    counts = dict(zip(queues, claims.counts(queues), strict=True))
    found: list[UniquePlace] = []
    has_more = False
    for name in queues:
        left = MOST_PLACES - len(found)
        if counts[name] and not left:
            has_more = True
        if not (counts[name] and left):
            continue
        places, more = _places_in(name, job_class, left, reader)
        has_more = has_more or more
        found += places
    found.sort(key=lambda place: (place.job_class, place.queue, place.holder))
    return UniquePlaces(tuple(found), sum(counts.values()), has_more, reader.problems)


def unique_place_of(job: JobRecord, reader: Reader | None = None) -> StoredClaim | None:
    """Return the unique key of a job, and who holds it.

    It is None for a job that is not unique. Two round trips, O(1).
    """
    return ClaimReader(reader or get_reader()).of_job(job.queue, job.id)


def _places_in(
    queue: str, job_class: str, most: int, reader: Reader
) -> tuple[list[UniquePlace], bool]:
    """Return places of one queue, and whether there may be more."""
    held, has_more = ClaimReader(reader).holdings(queue, job_class, most)
    ids = [each.job_id for each in held]
    records: dict[str, JobRecord] = {}
    for job_id, where in zip(ids, JobReader(reader).briefly(queue, ids), strict=True):
        if where.place:
            records[job_id] = record_of_location(where, job_id).seen_with(reader.sight)
    places = [
        UniquePlace(
            queue=queue,
            job_class=each.key.rpartition(":")[0],
            key=each.key if reader.sight.sees_arguments else "",
            holder=each.job_id,
            job=records.get(each.job_id),
            ends_at=None if each.ends_at is None else moment(each.ends_at),
        )
        for each in held
    ]
    return places, has_more
