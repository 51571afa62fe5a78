"""The facts that problems are judged from, read in one go.

The rules ask Redis nothing. They get these facts.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.inspect.outbox import Oldest, oldest_rows
from jobs.inspect.problems.failing import RECENT, Failing, is_suspect
from jobs.inspect.problems.limits import Limits
from jobs.inspect.queues import Queue
from jobs.inspect.stats import Stats
from jobs.inspect.usual import UsualTime, usual_times
from jobs.inspect.workers import Worker
from jobs.store.alarms import Note, notes_of
from jobs.store.heartbeats import FORGET_AFTER
from jobs.store.keys import first_name
from jobs.store.metrics import MINUTES, TEN_MINUTES, TEN_SECONDS, MetricReader
from jobs.store.questions import Question
from jobs.store.reader import Reader
from jobs.store.schedule_home import home_of
from jobs.store.schedule_records import ScheduleRecord, records
from jobs.text import text_of

#: Most job classes whose last minutes are looked at, and whose last days.
MOST_CLASSES, MOST_SUSPECTS = 100, 10
#: How far back the minutes and the ten minutes of a suspect are read: 8 hours, 3 days.
MINUTES_BACK, TEN_MINUTES_BACK = 480, 432
#: How far back deploys are looked for: as far as trouble can have begun. Seconds.
DEPLOYS_BACK = 9 * 3600
#: Most workers of a queue that have ended, the latest.
MOST_ENDED = 50
#: A server that uses this share of its memory may refuse to be written to.
FULL = 0.97
#: Deaths are counted over so many seconds.
DEATHS_WITHIN = 3600


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What is known of one queue.

    Times are epoch seconds by Redis' clock. `waiting_since` is when the oldest job that waits
    could have run, be it ready or only due. `deaths` are those of the last hour where they may be
    more than the limit, else 0, and `many_died_at` is when they became more. `filled_at` is when
    the dead set became too full. `ended` tells when workers left it.
    """

    queue: Queue
    waiting_since: float | None
    deaths: int
    many_died_at: float | None
    filled_at: float | None
    ended: Mapping[str, float]

    def waited_at(self, now: float) -> float:
        """Return how long its oldest job has waited for a worker.

        It is 0 where none waits, and in a paused queue. Seconds.
        """
        if self.waiting_since is None or self.queue.is_paused:
            return 0.0
        return now - self.waiting_since


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the rules are about.

    `now` is by Redis' clock, and `own_clock_behind` is what the clock of this process lacks to it.
    `seen` tells when each worker of the last hour was last seen. `server` is what Redis tells about
    itself. `notes` are the problems that `jobs check` has told of, by their names. `deploys` are
    when and what was deployed in the last hours, and are known where a job class fails. `usual` is
    what the runs of a class take where one has lasted for CHECK_OVERLONG.
    """

    now: float
    own_clock_behind: float
    queues: tuple[QueueFacts, ...]
    workers: tuple[Worker, ...]
    seen: Mapping[str, float]
    has_been_used: bool
    failing: tuple[Failing, ...]
    server: Mapping[str, Any]
    notes: Mapping[str, Note]
    limits: Limits
    deploys: Sequence[tuple[float, str]] = ()
    usual: Mapping[str, UsualTime] = field(default_factory=dict)
    schedules: tuple[ScheduleRecord, ...] = ()
    outbox: tuple[Oldest, ...] = ()

    @property
    def ended(self) -> dict[str, float]:
        """When each worker left its last queue."""
        latest: dict[str, float] = {}
        for each in self.queues:
            for name, at in each.ended.items():
                latest[name] = max(at, latest.get(name, at))
        return latest

    @property
    def hears_workers(self) -> bool:
        """Whether workers can write heartbeats, so that their silence says something.

        On a server that is full they cannot. One that was away has not heard of them yet.
        """
        used, most = self.server.get("used_memory", 0), self.server.get("maxmemory", 0)
        is_full = bool(most) and used >= FULL * most
        uptime = self.server.get("uptime_in_seconds", self.limits.silence)
        return not is_full and bool(uptime >= self.limits.silence)

    @property
    def silent(self) -> dict[str, float]:
        """When each silent worker was last seen whose jobs nobody took back."""
        if not self.hears_workers:
            return {}
        limit, ended = self.now - self.limits.silence, self.ended
        return {name: at for name, at in self.seen.items() if at < limit and name not in ended}

    @property
    def live(self) -> tuple[Worker, ...]:
        """The workers that are not silent."""
        limit = self.now - self.limits.silence
        return tuple(worker for worker in self.workers if worker.beat_at.timestamp() >= limit)


def look(reader: Reader, stats: Stats, limits: Limits) -> Facts:
    """Read the facts.

    It costs five round trips, and one more where there are schedules: O(queues log n + workers).
    While job classes fail it costs four more, and while a run lasts for long three more. Where
    there is an outbox it costs a query. At most it reads 100 KB for all job classes, and 150 KB for
    each of the ten that fail most.
    """
    asked_at = time.time()
    now = reader.now()
    own_clock = (asked_at + time.time()) / 2
    shared = reader.store.shared
    bounds = (now - FORGET_AFTER, "+inf")
    asked = [
        Question(shared.queues, "scard"),
        Question(shared.problems, "hgetall", default={}),
        Question(shared.schedules, "hgetall", default={}),
        Question(shared.workers, "zrangebyscore", bounds, {"withscores": True}, default=()),
    ]
    of_queues = [_queue_questions(reader, queue, now, limits) for queue in stats.queues]
    asked += [question for questions in of_queues for question in questions.values()]
    used, notes, homes, seen, *others = reader.ask(asked)
    left = iter(others)
    answers = [{name: next(left) for name in questions} for questions in of_queues]
    failing = _failing(reader, now)
    return Facts(
        now=now,
        own_clock_behind=now - own_clock,
        queues=tuple(
            _queue_facts(queue, told, now)
            for queue, told in zip(stats.queues, answers, strict=True)
        ),
        workers=stats.workers,
        seen={text_of(name): at for name, at in seen},
        has_been_used=bool(used),
        failing=failing,
        server=reader.info(),
        notes=notes_of(notes),
        limits=limits,
        usual=_usual(reader, stats.workers, now - limits.overlong),
        deploys=MetricReader(reader).deploys(now - DEPLOYS_BACK) if failing else (),
        schedules=tuple(records(reader, home_of(homes))) if homes else (),
        outbox=oldest_rows(),
    )


def _queue_questions(
    reader: Reader, queue: Queue, now: float, limits: Limits
) -> dict[str, Question]:
    """Return what is to be asked about one queue, by names that `_queue_facts` knows.

    Nothing is asked whose answer follows from the numbers of the queue. Most of many queues are
    idle, and each question takes longer here than in Redis.
    """
    keys = reader.store.keys(queue.name)
    head: dict[str, Any] = {"withscores": True}
    latest = (0, MOST_ENDED - 1)
    asked = {"ended": Question(keys.ended, "zrange", latest, head | {"desc": True}, default=())}
    if queue.dead > limits.deaths:
        hour = ((now - DEATHS_WITHIN) * 1000, "+inf")
        many = {"start": limits.deaths, "num": 1, "withscores": True}
        asked["deaths"] = Question(keys.dead, "zcount", hour)
        asked["many"] = Question(keys.dead, "zrangebyscore", hour, many, default=())
    full = max(0, int(limits.dead_max_jobs * limits.fullness) - 1)
    if queue.dead > full:
        asked["full"] = Question(keys.dead, "zrange", (full, full), head, default=())
    return asked


def _queue_facts(queue: Queue, answers: Mapping[str, Any], now: float) -> QueueFacts:
    is_waiting = queue.ready or queue.latency_seconds
    return QueueFacts(
        queue=queue,
        waiting_since=now - queue.latency_seconds if is_waiting else None,
        deaths=answers.get("deaths", 0),
        many_died_at=_first_time(answers.get("many", ())),
        filled_at=_first_time(answers.get("full", ())),
        # What ended in the future is nonsense, and would hide a shortage.
        ended={
            first_name(text_of(name)): at / 1000
            for name, at in reversed(answers["ended"])
            if at <= now * 1000
        },
    )


def _first_time(found: Sequence[tuple[bytes, float]]) -> float | None:
    """Return the time of the first entry, None where there is none.

    A score that nobody has written for a time may be -inf.
    """
    return max(0.0, found[0][1] / 1000) if found else None


def long_runs(workers: Sequence[Worker], before: float) -> dict[str, list[float]]:
    """Return when the runs began that began before a moment, by their job classes."""
    begun: dict[str, list[float]] = defaultdict(list)
    for worker in workers:
        for run in worker.running:
            if run.job_class and run.since.timestamp() < before:
                begun[run.job_class].append(run.since.timestamp())
    return begun


def _usual(reader: Reader, workers: Sequence[Worker], before: float) -> dict[str, UsualTime]:
    """Return what is usual for classes that have run since before a moment."""
    names = list(long_runs(workers, before))[:MOST_CLASSES]
    return usual_times(names, reader) if names else {}


def _failing(reader: Reader, now: float) -> tuple[Failing, ...]:
    """Return the job classes that fail, those with the most failures first."""
    metrics = MetricReader(reader)
    active = metrics.active("job:", now - MINUTES.seconds * RECENT, MOST_CLASSES)
    recent = metrics.read(active, MINUTES, now, RECENT)
    failures = {
        name: sum(minute.failures for minute in minutes if minute)
        for name, minutes in recent.items()
        if is_suspect(minutes)
    }
    suspects = sorted(failures, key=lambda name: -failures[name])[:MOST_SUSPECTS]
    ten_seconds = metrics.read(suspects, TEN_SECONDS, now, RECENT)
    by_minute = metrics.read(suspects, MINUTES, now, MINUTES_BACK)
    ten_minutes = metrics.read(suspects, TEN_MINUTES, now, TEN_MINUTES_BACK)
    return tuple(
        Failing(name.removeprefix("job:"), ten_seconds[name], by_minute[name], ten_minutes[name])
        for name in suspects
    )
