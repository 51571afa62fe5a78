"""The filter: which jobs of a set a person wants to see or to change. The same for pages, commands and bulk actions.

Redis sorts out most of what does not match by plain texts in the payload; `matches` has the last word.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import orjson

from jobs.inspect.record import JobRecord
from jobs.store.reader import SetName

#: The sets whose scores are the times that people filter by; elsewhere the payload tells the time.
TIMED_SETS: frozenset[SetName] = frozenset({"scheduled", "retry", "dead"})
#: What differs from one error message to the next of the same kind: quoted values, ids, addresses and numbers.
_VALUES = re.compile(
    r"'[^']*'|\"[^\"]*\"|\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b|\b0x[0-9a-fA-F]+\b|\b[0-9a-fA-F]{16,}\b|\d+(?:[.,:]\d+)*"
)
#: The longest shape of a message.
MOST_SHAPE_CHARACTERS = 200


@dataclass(frozen=True)
class Filter:
    """What a job must have; what is empty does not matter.

    `error` is part of the class or message of the last error, `text` are words in the arguments as JSON, in any case.
    `error_class` and `shape` are exact: see `shape_of`. `since` and `until` mean when a job is due (scheduled, retry),
    died (dead), ended (done) or was enqueued (ready).
    """

    queue: str = ""
    job_class: str = ""
    error: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    error_class: str = ""
    shape: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether every job matches."""
        return self == Filter()

    def needs_payload(self, name: SetName) -> bool:
        """Whether jobs of this set must be looked into; queue and time alone are found by rank."""
        has_time = self.since is not None or self.until is not None
        return any(self._wanted) or (has_time and name not in TIMED_SETS)

    @property
    def _wanted(self) -> tuple[str, ...]:
        return (self.job_class, self.error, self.text, self.error_class, self.shape)

    @cached_property
    def texts(self) -> list[bytes]:
        """The texts, as they stand in the JSON and in small letters, without which no payload can match."""
        wanted = [f'"job_class":"{self.job_class}"'] if self.job_class else []
        wanted += [f'"class":"{self.error_class}"'] if self.error_class else []
        wanted += [_as_json(self.error)] if self.error else []
        return [text.encode().lower() for text in (*wanted, *self._words)]

    @cached_property
    def _words(self) -> list[str]:
        return [_as_json(word) for word in self.text.split()]

    def bounds(self, name: SetName) -> tuple[str, str]:
        """Return the lowest and the highest score of this set."""
        if name not in TIMED_SETS:
            return "-inf", "+inf"
        low = f"{self.since.timestamp() * 1000:.0f}" if self.since else "-inf"
        return low, f"{self.until.timestamp() * 1000:.0f}" if self.until else "+inf"

    def matches(self, job: JobRecord) -> bool:
        """Whether a job whose payload contains the texts really matches."""
        return (
            self.job_class in {"", job.job_class}
            and self._matches_error(job)
            and all(word.lower() in job.arguments_text.lower() for word in self._words)
            and self._matches_time(job)
        )

    def _matches_error(self, job: JobRecord) -> bool:
        if not (self.error or self.error_class or self.shape):
            return True
        if job.error is None:
            return False
        error_class, message = job.error_class, job.error_message
        return (
            (self.error.lower() in error_class.lower() or self.error.lower() in message.lower())
            and self.error_class in {"", error_class}
            and self.shape in {"", shape_of(message)}
        )

    def _matches_time(self, job: JobRecord) -> bool:
        if job.place in TIMED_SETS or not (self.since or self.until):
            return True
        at = job.finished_at if job.place == "done" else job.enqueued_at
        return at is not None and (not self.since or self.since <= at) and (not self.until or at <= self.until)


def _as_json(text: str) -> str:
    return orjson.dumps(text)[1:-1].decode()


def shape_of(message: str) -> str:
    """Return an error message without what differs from job to job: its first line, values replaced by `…`."""
    return _VALUES.sub("…", message.partition("\n")[0])[:MOST_SHAPE_CHARACTERS]
