"""The filter: which jobs of a set a person wants to see or change.

Pages, commands and bulk actions use the same one. Redis knows queues and times, and
filters out other job classes. Everything else is searched here, in what people may see:
the arguments without secrets. Redis would search in the secrets too, and its time and
its counts would tell them.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import orjson

from jobs.inspect.record import JobRecord
from jobs.inspect.shape import shape_of
from jobs.store.reader import SetName

#: The sets whose scores are the times that people filter by. Elsewhere the payload tells the time.
TIMED_SETS: frozenset[SetName] = frozenset({"scheduled", "retry", "dead"})
#: The longest text to search for, and the most different words. Each costs time in each job.
MOST_CHARACTERS, MOST_WORDS = 200, 8


@dataclass(frozen=True)
class Filter:
    """What a job must have to match.

    A field that is empty does not matter. `error` is part of the class or message of
    the last error. `text` holds words in the arguments as JSON, in capital or small
    letters. `error_class` and `shape` are exact: see `shape_of`. `job_id` is how an id
    begins. `since` and `until` mean when a job is due (scheduled, retry), died (dead),
    ended (done) or was enqueued (ready).

    Raise ValueError for an `error` or a `text` of more than 200 characters, and for a
    `text` of more than eight different words.
    """

    queue: str = ""
    job_class: str = ""
    error: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    error_class: str = ""
    shape: str = ""
    job_id: str = ""

    def __post_init__(self) -> None:
        """Refuse what would make a search too expensive."""
        for name in ("error", "text"):
            length = len(getattr(self, name))
            if length > MOST_CHARACTERS:
                raise ValueError(
                    f"{name} has {length} characters, more than {MOST_CHARACTERS}. Shorten it."
                )
        if len(self.words) > MOST_WORDS:
            raise ValueError(
                f"text has {len(self.words)} different words, more than {MOST_WORDS}. "
                "Leave some out."
            )

    @property
    def is_empty(self) -> bool:
        """Whether every job matches."""
        return self == Filter()

    def needs_payload(self, name: SetName) -> bool:
        """Whether the payloads of jobs of this set must be read.

        Jobs of a queue and a time alone are found by rank.
        """
        has_time = self.since is not None or self.until is not None
        time_is_in_payload = name not in TIMED_SETS
        return any(self._wanted) or (has_time and time_is_in_payload)

    @property
    def _wanted(self) -> tuple[str, ...]:
        return (
            self.job_class,
            self.error,
            self.text,
            self.error_class,
            self.shape,
            self.job_id,
        )

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The different words of `text`, as they stand in JSON."""
        return tuple(map(_as_json, words_in(self.text)))

    def bounds(self, name: SetName) -> tuple[str, str]:
        """Return the lowest and the highest score of this set."""
        if name not in TIMED_SETS:
            return "-inf", "+inf"
        lowest = _score(self.since) if self.since else "-inf"
        highest = _score(self.until) if self.until else "+inf"
        return lowest, highest

    def matches(self, job: JobRecord) -> bool:
        """Whether a job of this queue and time matches."""
        return (
            self.job_class in {"", job.job_class}
            and job.id.startswith(self.job_id)
            and self._matches_time(job)
            and self._matches_error(job)
            and self._matches_text(job)
        )

    def _matches_text(self, job: JobRecord) -> bool:
        if not self.words:
            return True
        arguments = job.arguments_text.lower()
        return all(word in arguments for word in self.words)

    def _matches_error(self, job: JobRecord) -> bool:
        if not (self.error or self.error_class or self.shape):
            return True
        if job.error is None or self.error_class not in {"", job.error_class}:
            return False
        message = job.error_message
        return self._has_error_text(job.error_class, message) and self._has_shape(message)

    def _has_error_text(self, *texts: str) -> bool:
        part = self.error.lower()
        return any(part in text.lower() for text in texts)

    def _has_shape(self, message: str) -> bool:
        return not self.shape or self.shape == shape_of(message)

    def _matches_time(self, job: JobRecord) -> bool:
        if job.place in TIMED_SETS or not (self.since or self.until):
            return True
        at = job.finished_at if job.place == "done" else job.enqueued_at
        if at is None:
            return False
        return (self.since or at) <= at <= (self.until or at)


def words_in(text: str) -> list[str]:
    """Return the different words of a text, in small letters."""
    return list(dict.fromkeys(text.lower().split()))


def _as_json(text: str) -> str:
    # A terminal may pass bytes that are not UTF-8. No JSON contains them.
    readable = text.encode(errors="backslashreplace").decode()
    return orjson.dumps(readable)[1:-1].decode()


def _score(at: datetime) -> str:
    return f"{at.timestamp() * 1000:.0f}"
