"""Says why a job has not run yet, or what became of it.

The page of a job shows the sentences, and `manage.py jobs explain ID` prints them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.inspect.find import find
from jobs.inspect.made_by import made_by
from jobs.inspect.metrics import queue_rate
from jobs.inspect.outbox import explain_row, kept_row
from jobs.inspect.queue_obstacles import queue_obstacles
from jobs.inspect.reader import get_reader
from jobs.inspect.record import JobPlace, JobRecord
from jobs.inspect.time_limits import after_overrun, while_running
from jobs.inspect.workers import Worker, workers
from jobs.moment import moment
from jobs.occasion import occasion_of
from jobs.store.claim_reader import ClaimReader
from jobs.store.job_reader import JobReader
from jobs.store.keys import first_name
from jobs.store.reader import Reader
from jobs.text import grouped, written

#: Errors that say that somebody else holds what the job needs.
LIMITS = frozenset({"jobs.errors.LimitExceeded", "jobs.errors.LockNotAcquired"})
#: The error that says that a worker does not know the class of a job.
UNKNOWN = "jobs.errors.UnknownJob"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a job is and why, in sentences of the language in use.

    There is at least one sentence. The first says the most. Of a job that runs, `running_since` is
    when its worker began it, and `is_held` whether that worker gives signs of life.
    """

    job_id: str
    place: JobPlace | None
    sentences: tuple[str, ...]
    running_since: datetime | None = None
    is_held: bool = False


def explain(job_id: str, reader: Reader | None = None) -> Explanation:
    """Say why a job has not run yet, or what became of it.

    It costs at most a dozen round trips, O(queues log n + workers), and a query where there is an
    outbox.
    """
    reader = reader or get_reader()
    job = find(job_id, reader)
    if job is None and (row := kept_row(job_id, reader)):
        return Explanation(job_id, None, tuple(explain_row(row, reader)))
    if job is None:
        text = _(
            "There is no such job: it is done and its result was not kept, it was deleted, "
            "or it never existed."
        )
        return Explanation(job_id, None, (text,))
    return explain_job(job, reader)


def explain_job(job: JobRecord, reader: Reader | None = None) -> Explanation:
    """Do what `explain` does for a job that was found already."""
    reasons = _Reasons(job, reader or get_reader())
    sentences = tuple(reasons.all())
    return Explanation(job.id, job.place, sentences, reasons.running_since, reasons.is_held)


class _Reasons:
    """All that can be said about one job."""

    def __init__(self, job: JobRecord, reader: Reader) -> None:
        self._job = job
        self._reader = reader
        self._jobs = JobReader(reader)
        self.running_since: datetime | None = None
        self.is_held = False

    def all(self) -> Iterator[str]:
        by_place = {
            "ready": self._ready,
            "scheduled": self._scheduled,
            "retry": self._retry,
            "dead": self._dead,
            "done": self._done,
            "running": self._running,
            "": self._nowhere,
        }
        yield from by_place[self._job.place]()
        yield from self._unique()
        if self._job.place not in {"dead", "done"}:
            yield from self._class()
        yield from self._history()

    # Places

    def _ready(self) -> Iterator[str]:
        yield from after_overrun(self._job)
        obstacles = list(queue_obstacles(self._job.queue, self._reader))
        yield from obstacles
        ahead = self._jobs.ahead(self._job.queue, self._job.id)
        if ahead is None:
            yield _("It was ready a moment ago and has been taken since.")
        elif ahead:
            yield self._ahead(ahead, is_moving=not obstacles)
        elif not obstacles:
            yield _("It is the next job of queue %(queue)s.") % {"queue": self._job.queue}
        else:
            yield _("It would be the next job of the queue.")

    def _ahead(self, ahead: int, *, is_moving: bool) -> str:
        text = ngettext(
            "%(count)s job is ahead of it in queue %(queue)s.",
            "%(count)s jobs are ahead of it in queue %(queue)s.",
            ahead,
        ) % {"count": grouped(ahead), "queue": self._job.queue}
        rate = queue_rate(self._job.queue, self._reader) if is_moving else 0.0
        if not rate:
            return text
        estimate = _(
            "At the rate of the last minutes, %(rate)s per second, "
            "it should start in about %(time)s."
        )
        return f"{text} " + estimate % {"rate": grouped(rate, 1), "time": in_words(ahead / rate)}

    def _scheduled(self) -> Iterator[str]:
        yield from self._due(_("It is scheduled for %(time)s, in %(wait)s."))

    def _retry(self) -> Iterator[str]:
        if self._job.error_class in LIMITS:
            yield _("A limit was reached when it last ran: %(message)s") % {
                "message": self._job.error_message or "–"
            }
        elif self._job.error_class == UNKNOWN:
            yield _("Its class was unknown to the worker that took it last.")
        elif self._job.payload.failures:
            yield _("Attempt %(attempt)s failed with %(error)s.") % {
                "attempt": self._job.payload.failures,
                "error": self._last_error().rstrip("."),
            }
        else:
            yield _("It asked to run later (a snooze), or its worker crashed while it ran.")
        yield from self._due(_("The next attempt is due at %(time)s, in %(wait)s."))

    def _due(self, text: str) -> Iterator[str]:
        """Yield when the job is due, and what keeps it from being taken.

        Once it is due, that is what matters most.
        """
        at = self._job.at or moment(0)
        seconds = at.timestamp() - self._reader.now()
        if seconds > 0:
            yield text % {"time": written(at), "wait": in_words(seconds)}
            yield from queue_obstacles(self._job.queue, self._reader)
            return
        yield from queue_obstacles(self._job.queue, self._reader)
        text = _(
            "It has been due since %(time)s; "
            "the next worker that looks at queue %(queue)s takes it."
        )
        yield text % {"time": written(at), "queue": self._job.queue}

    def _dead(self) -> Iterator[str]:
        when = written(self._job.at) if self._job.at else "?"
        yield _(
            "It has been in the dead set since %(time)s. "
            "It will not run again unless somebody retries it."
        ) % {"time": when}
        if self._job.error:
            yield _("The last error: %(error)s") % {"error": self._last_error()}
        else:
            yield _("It has no error: somebody killed it before it ran.")

    def _last_error(self) -> str:
        """Return the class of the last error, and the first line of its message."""
        text = f"{self._job.error_class}: {self._job.error_message}"
        return text.partition("\n")[0].removesuffix(": ")

    def _done(self) -> Iterator[str]:
        finished = written(self._job.finished_at) if self._job.finished_at else "?"
        until = written(self._job.at) if self._job.at else "?"
        facts = {"finished": finished, "until": until}
        lost = self._job.payload.result_lost
        if not lost:
            yield _("It was done at %(finished)s. Its result is kept until %(until)s.") % facts
        else:
            yield _("It was done at %(finished)s, and is listed until %(until)s.") % facts
            yield _("What it returned was not kept: %(reason)s.") % {"reason": lost}

    def _running(self) -> Iterator[str]:
        by_name = {worker.name: worker for worker in workers(self._reader)}
        worker = by_name.get(first_name(self._job.worker))
        if worker:
            self.is_held = True
            yield from self._on_worker(worker)
        else:
            text = _("Worker %(worker)s had taken it, and gives no sign of life.")
            yield text % {"worker": self._job.worker}
        yield self._lease()

    def _on_worker(self, worker: Worker) -> Iterator[str]:
        started = {job.job_id: job.since for job in worker.running}
        since = started.get(self._job.id)
        if since is None:
            text = _("Worker %(worker)s has taken it, and had not begun it at its last heartbeat.")
            yield text % {"worker": self._job.worker}
            return
        self.running_since = since
        text = _("It has been running on worker %(worker)s since %(time)s.")
        yield text % {"worker": self._job.worker, "time": written(since)}
        yield from while_running(self._job, since, self._reader.now())

    def _lease(self) -> str:
        seconds = self._jobs.lease_seconds(self._job.queue, self._job.worker)
        if not seconds:
            return _("The worker was given up. Its jobs go back to the queue at any moment.")
        return _(
            "The worker's lease expires in %(seconds)s s unless it is renewed; "
            "then others take its jobs back."
        ) % {"seconds": f"{seconds:.0f}"}

    def _nowhere(self) -> Iterator[str]:
        yield _(
            "It is in no set, which should never be. "
            "Put it back with: python manage.py jobs doctor --repair"
        )

    # What holds for several places

    def _unique(self) -> Iterator[str]:
        """Yield who has the place of a unique job."""
        claim = ClaimReader(self._reader).of_job(self._job.queue, self._job.id)
        if claim is None or not claim.holder:
            return
        key = claim.key if self._reader.sight.sees_arguments else f"{self._job.job_class}:…"
        values = {"key": key, "id": claim.holder}
        if claim.holder == self._job.id:
            yield _("It is unique, and holds the key %(key)s.") % values
        elif self._job.place == "dead":
            text = _("It cannot be retried as long as job %(id)s holds its unique key %(key)s.")
            yield text % values
        else:
            yield _("It is unique, but job %(id)s holds the key %(key)s.") % values

    def _class(self) -> Iterator[str]:
        if self._job.job_class and self._job.known_class is None:
            yield _(
                "No job class %(name)s is known here. "
                "Workers that do not know it either try the job for five minutes. "
                "Then it is in the dead set, from which it can be retried after a deploy."
            ) % {"name": self._job.job_class}

    def _history(self) -> Iterator[str]:
        payload = self._job.payload
        if occasion := occasion_of(self._job.payload.context):
            yield made_by(occasion)
        if self._job.progress:
            yield _("At %(time)s it told how far it had got: %(progress)s.") % {
                "time": written(moment(self._job.progress.at)),
                "progress": self._job.progress_text.rstrip("."),
            }
        if payload.interruptions:
            yield ngettext(
                "It was interrupted %(count)s time by a stop of its worker; that cost no retry.",
                "It was interrupted %(count)s times by a stop of its worker; that cost no retry.",
                payload.interruptions,
            ) % {"count": payload.interruptions}
        if payload.crashes:
            yield ngettext(
                "It was running in %(count)s crash of a worker.",
                "It was running in %(count)s crashes of a worker.",
                payload.crashes,
            ) % {"count": payload.crashes}


def in_words(seconds: float) -> str:
    """Return a duration in one unit, rounded.

    It is the largest unit of which there are at least two: 90 minutes, 2 hours, 47 hours, 2 days.
    """
    size = 1
    for unit in (60, 3_600, 86_400):
        if seconds >= 2 * unit:
            size = unit
    count = max(1, round(seconds / size))
    words = {
        86_400: ngettext("%(count)s day", "%(count)s days", count),
        3_600: ngettext("%(count)s hour", "%(count)s hours", count),
        60: ngettext("%(count)s minute", "%(count)s minutes", count),
        1: ngettext("%(count)s second", "%(count)s seconds", count),
    }
    return words[size] % {"count": grouped(count)}
