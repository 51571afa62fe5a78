"""What one round brought: the answer of the fetcher to the buffer."""

from dataclasses import dataclass, field

from jobs.events import PayloadMissing, emit
from jobs.store import Fetched
from jobs.worker.custody import Delivery
from jobs.worker.unit import Unit


@dataclass(slots=True)
class Catch:
    """What one round brought.

    `units` are to be run. `more` are the queues in which jobs were left, and
    `is_unsure` says that there may be work in any. `next_due` are the seconds to the
    next job that is due. `ended`: units whose end Redis has answered. `again`:
    deliveries that it has forgotten, to be sent again. `gone`: numbers of units that
    are not ours any more, or are not to be begun. `heard`: queues whose bell was heard
    and that were not served. `error`: the first failure; `is_away` when nothing else
    came.
    """

    units: list[Unit] = field(default_factory=list)
    more: set[str] = field(default_factory=set)
    is_unsure: bool = False
    next_due: float | None = None
    ended: list[Unit] = field(default_factory=list)
    again: list[Delivery] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)
    error: Exception | None = None
    is_away: bool = False

    def take(self, fetched: Fetched, queue: str, name: str, first: int, begin_by: float) -> None:
        """Add what one fetch brought.

        It took its jobs under `name`, with numbers from `first` on.
        """
        self.note_due(fetched.next_due_seconds)
        if fetched.left:
            self.more.add(queue)
        if fetched.state == "void":
            self.is_unsure = True
        jobs = fetched.jobs
        units = [
            Unit(queue, name, job_id, raw, number, begin_by)
            for number, (job_id, raw) in enumerate(jobs, first)
            if raw is not None
        ]
        self.units += units
        if len(units) < len(jobs):
            for job_id in [job_id for job_id, raw in jobs if raw is None]:
                emit(PayloadMissing(queue, job_id))

    def note_due(self, seconds: float | None) -> None:
        """Note when there will be something to do."""
        if seconds is not None and (self.next_due is None or seconds < self.next_due):
            self.next_due = seconds

    @property
    def may_find_more(self) -> bool:
        """Whether another fetch may bring something now."""
        return self.is_unsure or bool(self.more)
