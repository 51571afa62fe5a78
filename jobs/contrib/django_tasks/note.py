"""What Redis keeps of the runs of a task beside its payload.

It is a note, as progress is one: it outlives failed runs, and goes with the job.
"""

from typing import Any

import msgspec
from msgspec import Struct

from jobs.errors import UnknownJob
from jobs.payload import Payload

#: Most runs that are kept of one task. The first is always among them.
MOST_RUNS = 100
#: The error of a job whose class is not known here yet.
_UNKNOWN = f"{UnknownJob.__module__}.{UnknownJob.__qualname__}"


class TaskNote(Struct, frozen=True, omit_defaults=True):
    """The runs of a task: when each began, and on which worker.

    The times are in epoch seconds. `metadata` are those that a run has saved, None for none.
    """

    runs: list[tuple[float, str]] = []
    metadata: dict[str, Any] | None = None

    @classmethod
    def decode(cls, raw: bytes | None) -> "TaskNote":
        """Return the note in these bytes, one without runs where there is none."""
        if raw is None:
            return cls()
        try:
            return _decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return cls()

    @classmethod
    def of_errors(cls, payload: Payload) -> "TaskNote":
        """Return what the errors of a task tell of its runs.

        A task that nobody knew has not run.
        """
        of_runs = [error for error in payload.errors if error["class"] != _UNKNOWN]
        return cls([(error["at"], str(error.get("worker", ""))) for error in of_runs])

    def encode(self) -> bytes:
        """Return the note as Redis keeps it."""
        return msgspec.json.encode(self)

    def with_run(self, at: float, worker: str) -> "TaskNote":
        """Return a copy with one more run."""
        runs = [*self.runs, (at, worker)]
        too_many = len(runs) - MOST_RUNS
        kept = runs if too_many <= 0 else [runs[0], *runs[1 + too_many :]]
        return TaskNote(kept, self.metadata)

    def with_metadata(self, metadata: dict[str, Any]) -> "TaskNote":
        """Return a copy with these metadata."""
        return TaskNote(self.runs, metadata)


_decode = msgspec.json.Decoder(TaskNote).decode
