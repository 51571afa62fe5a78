"""The owner of a running job, as it stands in Redis."""

import math
from dataclasses import dataclass

from jobs.text import text_of


@dataclass(frozen=True, slots=True)
class Owner:
    """Who runs a job: what stands in `running`, as `worker|score` or `worker#number|score`.

    `score` is the place in the ready set to which the job goes back. `is_sound` says whether both
    could be read.
    """

    worker: str
    score: float
    is_sound: bool

    @classmethod
    def parse(cls, held_by: bytes) -> "Owner":
        """Return the owner in these bytes, whatever they are."""
        token, bar, rest = text_of(held_by).rpartition("|")
        worker = token.partition("#")[0]
        try:
            score = float(rest)
        except ValueError:
            return cls(worker, 0.0, is_sound=False)
        is_sound = bool(bar and worker) and math.isfinite(score)
        return cls(worker, score if is_sound else 0.0, is_sound)
