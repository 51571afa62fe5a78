"""For programs: everything that can be counted, as OpenMetrics text and as JSON.

Prometheus reads the text. Both are open to users with permission, and to whoever sends
`Authorization: Bearer` with JOBS["METRICS_TOKEN"].
"""

from collections.abc import Iterable, Iterator
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache

from jobs import inspect
from jobs.admin.access import View, demand, reader_for
from jobs.conf import get_settings
from jobs.inspect import ClassMetrics, ClassQueries, Queue, Server
from jobs.problem import Problem
from jobs.store.metrics import BOUNDS
from jobs.store.reader import Reader
from jobs.store.schedule_records import ScheduleRecord, read_schedules
from jobs.text import shown

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
#: Name, type and meaning of the metrics of each queue. The samples of a counter end in _total.
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
    """Let users with permission and programs with the token read a view.

    No cache keeps the answer: it would give it to whoever asks next, without the token.
    """

    @never_cache
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
    if not token or scheme.lower() != "bearer":
        return False
    return constant_time_compare(given.strip(), token)


def unauthorized(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Say what whoever is neither logged in nor has the token must send."""
    return HttpResponse(
        "Send the header `Authorization: Bearer <token>` with the token in "
        "JOBS['METRICS_TOKEN'], or log in to the admin first.\n",
        status=401,
        content_type="text/plain; charset=utf-8",
        headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"},
    )


@for_programs
def openmetrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics as text."""
    text = "".join(f"{line}\n" for line in _lines(_reader(request)))
    return HttpResponse(text, content_type=CONTENT_TYPE)


@for_programs
def stats_json(request: HttpRequest) -> HttpResponse:
    """Return the state of everything as JSON.

    It is the same as `manage.py jobs stats --json`.
    """
    reader = _reader(request)
    stats = inspect.stats(reader)
    problems = inspect.problems(reader, stats)
    return JsonResponse(dict(stats.as_json(problems)), json_dumps_params={"indent": 2})


def _reader(request: HttpRequest) -> Reader:
    """Return a reader with the sight of the user.

    A program with the token sees everything.
    """
    return inspect.get_reader() if has_token(request) else reader_for(request)


def _lines(reader: Reader) -> Iterator[str]:
    stats = inspect.stats(reader)
    yield from _queue_numbers(stats.queues)
    yield from _queue_states(stats.queues)
    yield from _head("jobs_workers", "gauge", "Worker processes that gave a sign of life.")
    yield f"jobs_workers {len(stats.workers)}"
    yield from _head("jobs_threads", "gauge", "Threads of all workers.")
    yield f"jobs_threads {stats.threads}"
    yield from _head("jobs_busy", "gauge", "Jobs that the workers ran at their last heartbeat.")
    yield f"jobs_busy {stats.busy}"
    yield from _classes(inspect.total_metrics(reader))
    yield from _queries(inspect.total_queries(reader))
    yield from _schedules(read_schedules(reader))
    yield from _server(inspect.server(reader))
    yield from _problems(inspect.problems(reader, stats))
    yield from _head("jobs_unreadable", "gauge", "1 for each key that cannot be read.")
    for key in dict.fromkeys(problem.key for problem in reader.problems):
        yield f"jobs_unreadable{_labels(key=key)} 1"
    yield "# EOF"


def _queue_numbers(queues: tuple[Queue, ...]) -> Iterator[str]:
    for name, kind, meaning in QUEUE_METRICS:
        yield from _head(f"jobs_{name}", kind, meaning)
        suffix = "_total" if kind == "counter" else ""
        for queue in queues:
            yield f"jobs_{name}{suffix}{_labels(queue=queue.name)} {getattr(queue, name)}"


def _queue_states(queues: tuple[Queue, ...]) -> Iterator[str]:
    name = "jobs_latency_seconds"
    yield from _head(
        name, "gauge", "How long the oldest job has waited, ready or due.", unit="seconds"
    )
    for queue in queues:
        yield f"{name}{_labels(queue=queue.name)} {queue.latency_seconds:.3f}"
    bounded = [queue for queue in queues if queue.size_limit is not None]
    yield from _head("jobs_size", "gauge", "Jobs of a queue with a limit that have not ended.")
    for queue in bounded:
        yield f"jobs_size{_labels(queue=queue.name)} {queue.size}"
    yield from _head("jobs_size_limit", "gauge", "How many of these the queue may hold.")
    for queue in bounded:
        yield f"jobs_size_limit{_labels(queue=queue.name)} {queue.size_limit}"
    yield from _head("jobs_paused", "gauge", "1 where the queue is paused.")
    for queue in queues:
        yield f"jobs_paused{_labels(queue=queue.name)} {int(queue.is_paused)}"


def _classes(found: list[ClassMetrics]) -> Iterator[str]:
    name = "jobs_class_failures"
    yield from _head(name, "counter", "Runs of a job class that failed.")
    for each in found:
        yield f"{name}_total{_labels(job_class=each.name)} {each.failures}"
    name = "jobs_class_duration_seconds"
    yield from _head(name, "histogram", "Duration of the runs.", unit="seconds")
    for each in found:
        yield from _histogram(name, each)


def _queries(found: list[ClassQueries]) -> Iterator[str]:
    if not found:
        return  # mostly nobody counts
    name = "jobs_class_queries"
    yield from _head(name, "counter", "Queries that the counted runs of a job class asked.")
    for each in found:
        yield f"{name}_total{_labels(job_class=each.name)} {each.queries}"
    name = "jobs_class_query_seconds"
    yield from _head(name, "counter", "How long these queries took.", unit="seconds")
    for each in found:
        yield f"{name}_total{_labels(job_class=each.name)} {each.seconds:.6f}"
    name = "jobs_class_counted_runs"
    yield from _head(name, "counter", "Runs whose queries were counted.")
    for each in found:
        yield f"{name}_total{_labels(job_class=each.name)} {each.runs}"


def _schedules(records: Iterable[ScheduleRecord]) -> Iterator[str]:
    name = "jobs_schedule_last_success_timestamp_seconds"
    yield from _head(name, "gauge", "When a run of the schedule last went well.", unit="seconds")
    for record in records:
        if record.done is not None:
            yield f"{name}{_labels(schedule=record.name)} {record.done / 1000:.3f}"


def _server(server: Server) -> Iterator[str]:
    name = "jobs_redis_memory_bytes"
    yield from _head(name, "gauge", "Memory that Redis uses.", unit="bytes")
    yield f"{name} {server.memory_bytes}"
    name = "jobs_redis_max_memory_bytes"
    yield from _head(name, "gauge", "Its limit of memory, 0 for none.", unit="bytes")
    yield f"{name} {server.max_memory_bytes}"


def _problems(found: Iterable[Problem]) -> Iterator[str]:
    yield from _head("jobs_problem", "gauge", "1 for each problem that there is.")
    for problem in found:
        yield f"jobs_problem{_labels(kind=problem.kind, key=problem.key)} 1"


def _histogram(name: str, each: ClassMetrics) -> Iterator[str]:
    seen = 0
    bounds = [*map(str, BOUNDS), "+Inf"]
    for bound, count in zip(bounds, each.buckets, strict=True):
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
    return shown(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
