"""What the page of a queue shows besides its jobs.

That is its state, who serves it, and its recent past.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import inspect
from jobs.admin.charts import Chart
from jobs.admin.history_charts import axis_of, runs_chart, times_chart, window_links, window_of
from jobs.admin.nav import Link, address
from jobs.inspect import Queue, QueueHistory, Slot, Worker
from jobs.inspect.percentile import percentile
from jobs.inspect.queue_obstacles import queue_obstacles
from jobs.store.reader import Reader, SetName
from jobs.templatetags.jobs_format import duration

#: A queue of which nothing runs is not at work once its oldest job has waited so long. Seconds.
LONG_WAIT = 10.0
#: The sets of a queue that are pages of their own, with their titles.
SETS: tuple[tuple[SetName, str | Promise], ...] = (
    ("scheduled", gettext_lazy("Scheduled")),
    ("retry", gettext_lazy("Retries")),
    ("dead", gettext_lazy("Dead")),
    ("done", gettext_lazy("Done")),
)


@dataclass(frozen=True, slots=True)
class SetCount:
    """How many jobs of the queue one set holds, with the address of these."""

    title: str | Promise
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class QueueSight:
    """One queue, besides the list of its ready jobs.

    `state` is "working", "idle", "waiting" or "held". `obstacles` are sentences that say
    what holds it up.
    """

    state: str
    obstacles: tuple[str, ...]
    is_served: bool
    workers: tuple[tuple[Worker, str], ...]
    sets: tuple[SetCount, ...]
    windows: tuple[Link, ...]
    runs: Chart
    waits: Chart
    times: Chart


def queue_sight(request: HttpRequest, queue: Queue, reader: Reader) -> QueueSight:
    """Return what there is to see of a queue.

    It costs nine round trips, O(workers + slots).
    """
    window = window_of(request)
    obstacles = tuple(queue_obstacles(queue.name, reader))
    serving = [worker for worker in inspect.workers(reader) if queue.name in worker.queues]
    history = inspect.queue_history(queue.name, window, reader)
    axis = axis_of(history.runs, history.step_seconds, history.deploys, window)
    home = address(request, "jobs_workers")
    return QueueSight(
        state=_state(queue, is_held=bool(obstacles) or queue.has_no_room),
        obstacles=obstacles,
        is_served=any(worker.takes_jobs for worker in serving),
        workers=tuple((worker, f"{home}#{worker.name}") for worker in serving),
        sets=tuple(_set_count(request, queue, *each) for each in SETS),
        windows=window_links(window),
        runs=runs_chart(history.runs, axis),
        waits=times_chart(history.waits, axis, _waits_summary(history)),
        times=times_chart(history.runs, axis, _times_summary(history)),
    )


def _state(queue: Queue, *, is_held: bool) -> str:
    if is_held:
        return "held"
    if queue.ready and not queue.running and queue.latency_seconds >= LONG_WAIT:
        return "waiting"
    return "working" if queue.running or queue.ready else "idle"


def _set_count(request: HttpRequest, queue: Queue, name: SetName, title: str | Promise) -> SetCount:
    url = f"{address(request, 'jobs_set', name=name)}?{urlencode({'queue': queue.name})}"
    return SetCount(title, getattr(queue, name), url)


def _waits_summary(history: QueueHistory) -> str:
    text = _("Half of the jobs waited at most %(p50)s for their first run, 95 %% at most %(p95)s.")
    return text % _percentiles(history.waits)


def _times_summary(history: QueueHistory) -> str:
    text = _("Half of the runs took at most %(p50)s, 95 %% at most %(p95)s.")
    return text % _percentiles(history.runs)


def _percentiles(slots: Sequence[Slot]) -> dict[str, str]:
    buckets = [sum(counts) for counts in zip(*(slot.buckets for slot in slots), strict=True)]
    return {"p50": duration(percentile(buckets, 50)), "p95": duration(percentile(buckets, 95))}
