"""The workers: the processes that run jobs, as each told in its last heartbeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from jobs.inspect.reader import get_reader
from jobs.store.reader import Reader


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job that a worker ran at its last heartbeat, and since when."""

    job_id: str
    queue: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process, as it was at `beat_at`: what ran then may have ended since.

    `busy` of its `concurrency` threads ran jobs; coroutines add to `busy` beyond that.
    """

    name: str
    host: str
    pid: int
    queues: tuple[str, ...]
    concurrency: int
    busy: int
    running: tuple[RunningJob, ...]
    is_quiet: bool
    is_stopping: bool
    started_at: datetime
    beat_at: datetime
    peak_memory_bytes: int


def workers(reader: Reader | None = None) -> list[Worker]:
    """Return the workers that gave a sign of life within the last minute, the oldest first.

    Three round trips, O(workers). A worker that stops is gone at once, one that is killed as soon as its supervisor
    sees it; only one whose whole machine died is shown until the minute is over.
    """
    told = (reader or get_reader()).workers()
    return sorted((_worker(name, facts) for name, facts in told.items()), key=lambda w: (w.started_at, w.name))


def _worker(name: str, facts: Mapping[str, str]) -> Worker:
    return Worker(
        name=name,
        host=facts["host"],
        pid=int(facts["pid"]),
        queues=tuple(facts["queues"].split(",")),
        concurrency=int(facts["concurrency"]),
        busy=int(facts["busy"]),
        running=tuple(_running_job(line) for line in facts["running"].splitlines()),
        is_quiet=facts["quiet"] == "1",
        is_stopping=facts.get("stopping") == "1",
        started_at=_at(facts["started_at"]),
        beat_at=_at(facts["beat_at"]),
        peak_memory_bytes=int(facts["peak_memory_bytes"]),
    )


def _running_job(line: str) -> RunningJob:
    job_id, queue, since = line.split(" ")
    return RunningJob(job_id, queue, _at(since))


def _at(epoch_seconds: str) -> datetime:
    return datetime.fromtimestamp(float(epoch_seconds), UTC)
