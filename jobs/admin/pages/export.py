"""For programs: everything that can be counted, as OpenMetrics text for Prometheus and as JSON.

Both are open to users with permission, and to whoever sends `Authorization: Bearer` with JOBS["METRICS_TOKEN"].
"""

from collections.abc import Iterator
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare

from jobs import inspect
from jobs.admin.access import View, demand
from jobs.conf import get_settings
from jobs.inspect import ClassMetrics, Queue
from jobs.store.metrics import BOUNDS

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
#: Name, type and meaning of what is told of each queue; a counter's samples end in _total.
QUEUE_METRICS = (
    ("ready", "gauge", "Jobs that are ready to run."),
    ("running", "gauge", "Jobs that run."),
    ("scheduled", "gauge", "Jobs that run at a time."),
    ("retry", "gauge", "Jobs that failed and will be tried again."),
    ("dead", "gauge", "Jobs that will not be tried again."),
    ("done", "gauge", "Jobs whose results are kept."),
    ("processed", "counter", "Attempts that ended."),
    ("failed", "counter", "Attempts that ended with an error."),
)


def for_programs(view: View) -> View:
    """Let a view be read by users with permission and by programs that know the token."""

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_token(request):
            demand(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(("GET", "HEAD"))
        return view(request, *args, **kwargs)

    guard.is_guarded = True  # type: ignore[attr-defined]
    guard.is_for_programs = True  # type: ignore[attr-defined]
    return guard


def has_token(request: HttpRequest) -> bool:
    """Whether the request carries the token of the settings."""
    token = get_settings().metrics_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and scheme.lower() == "bearer" and constant_time_compare(given.strip(), token)


@for_programs
def openmetrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics as text."""
    return HttpResponse("".join(f"{line}\n" for line in _lines()), content_type=CONTENT_TYPE)


@for_programs
def stats_json(request: HttpRequest) -> HttpResponse:
    """Return the state of everything as JSON, the same as `manage.py jobs stats --json`."""
    return JsonResponse(dict(inspect.stats().as_json()), json_dumps_params={"indent": 2})


def _lines() -> Iterator[str]:
    stats = inspect.stats()
    for name, kind, meaning in QUEUE_METRICS:
        yield from _head(f"jobs_{name}", kind, meaning)
        suffix = "_total" if kind == "counter" else ""
        yield from (f"jobs_{name}{suffix}{_labels(queue=q.name)} {getattr(q, name)}" for q in stats.queues)
    yield from _queue_states(stats.queues)
    yield from _head("jobs_workers", "gauge", "Worker processes that gave a sign of life.")
    yield f"jobs_workers {len(stats.workers)}"
    yield from _head("jobs_threads", "gauge", "Threads of all workers.")
    yield f"jobs_threads {sum(worker.concurrency for worker in stats.workers)}"
    yield from _head("jobs_busy", "gauge", "Jobs that the workers ran at their last heartbeat.")
    yield f"jobs_busy {sum(worker.busy for worker in stats.workers)}"
    yield from _classes(inspect.total_metrics())
    yield "# EOF"


def _queue_states(queues: tuple[Queue, ...]) -> Iterator[str]:
    yield from _head("jobs_latency_seconds", "gauge", "Age of the oldest ready job.", unit="seconds")
    yield from (f"jobs_latency_seconds{_labels(queue=q.name)} {q.latency_seconds:.3f}" for q in queues)
    yield from _head("jobs_paused", "gauge", "1 where the queue is paused.")
    yield from (f"jobs_paused{_labels(queue=q.name)} {int(q.is_paused)}" for q in queues)


def _classes(found: list[ClassMetrics]) -> Iterator[str]:
    yield from _head("jobs_class_failures", "counter", "Runs of a job class that failed.")
    yield from (f"jobs_class_failures_total{_labels(job_class=each.name)} {each.failures}" for each in found)
    yield from _head("jobs_class_duration_seconds", "histogram", "Duration of the runs.", unit="seconds")
    for each in found:
        yield from _histogram(each)


def _histogram(each: ClassMetrics) -> Iterator[str]:
    name, seen = "jobs_class_duration_seconds", 0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), each.buckets, strict=True):
        seen += count
        yield f"{name}_bucket{_labels(job_class=each.name, le=bound)} {seen}"
    yield f"{name}_count{_labels(job_class=each.name)} {seen}"
    yield f"{name}_sum{_labels(job_class=each.name)} {each.seconds:.6f}"


def _head(name: str, kind: str, meaning: str, unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {meaning}"


def _labels(**labels: str) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
