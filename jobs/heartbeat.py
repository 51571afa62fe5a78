"""The heartbeat: what a worker process tells of itself every few seconds.

It is for people to look at. A worker writes it with `to_hash`. Pages and commands read
it with `from_hash`. Writer and reader may be of different versions. So fields that are
missing get their defaults, unknown fields are passed over, and nothing ever raises.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from jobs.moment import seconds_of
from jobs.text import shown, text_of

#: Most running jobs that are read from one heartbeat.
MOST_RUNNING = 1_000
#: A clock that differs from Redis' by more is wrong. A heartbeat may be on its way for a while.
#: Seconds.
CLOCK_APART = 5.0
#: The longest part of a bad value that is shown.
MOST_CHARACTERS = 40
_CLASS = "class="
_COUNT = re.compile(r"[0-9]{1,15}\Z")
#: What would end a field or a line in the list of running jobs.
_SEPARATORS = re.compile(r"[%\s]")


@dataclass(frozen=True, slots=True)
class JobInHand:
    """A job that a worker has in hand, and since when.

    The time is in epoch seconds by the worker's own clock. Older versions do not tell the class.
    """

    job_id: str
    queue: str
    since: float
    job_class: str = ""

    def to_line(self) -> str:
        """Return it as `id queue since class=name`.

        Later versions may write further fields behind these.
        """
        line = f"{_quoted(self.job_id)} {_quoted(self.queue)} {self.since:.3f}"
        return f"{line} {_CLASS}{_quoted(self.job_class)}" if self.job_class else line

    @classmethod
    def from_line(cls, line: str) -> "JobInHand | None":
        """Return what stands in a line, None where that cannot be read."""
        parts = line.split(" ")
        since = seconds_of(parts[2]) if len(parts) > 2 else None
        if since is None:
            return None
        names = [part.removeprefix(_CLASS) for part in parts[3:] if part.startswith(_CLASS)]
        job_class = _unquoted(names[0]) if names else ""
        return cls(_unquoted(parts[0]), _unquoted(parts[1]), since, job_class)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The facts of one worker process.

    Times are epoch seconds by the worker's own clock. `busy` counts the jobs that run,
    in threads and as coroutines. `stands_since` is when the loop that fetches jobs last
    turned, None while it need not turn. `apart_since` is since when the worker's clock
    has differed from Redis', by the clock of Redis, and None where it does not.
    `quiet_since` is when it was first seen to take no more jobs. `leaves_for` is why it
    is being replaced, as `worker.replaced` tells it. `faults` says in words what could
    not be read.
    """

    host: str = ""
    pid: int = 0
    queues: tuple[str, ...] = ()
    concurrency: int = 0
    busy: int = 0
    running: tuple[JobInHand, ...] = ()
    is_quiet: bool = False
    is_stopping: bool = False
    started_at: float | None = None
    beat_at: float | None = None
    peak_memory_bytes: int = 0
    stands_since: float | None = None
    apart_since: float | None = None
    quiet_since: float | None = None
    leaves_for: str = ""
    faults: tuple[str, ...] = field(default=(), compare=False)

    def to_hash(self) -> dict[str, str]:
        """Return the fields as Redis keeps them."""
        facts = {
            "host": self.host,
            "pid": str(self.pid),
            "queues": ",".join(self.queues),
            "concurrency": str(self.concurrency),
            "busy": str(self.busy),
            "running": "\n".join(job.to_line() for job in self.running),
            "quiet": str(int(self.is_quiet)),
            "stopping": str(int(self.is_stopping)),
            "peak_memory_bytes": str(self.peak_memory_bytes),
            "leaves_for": self.leaves_for,
        }
        times = {
            "started_at": self.started_at,
            "beat_at": self.beat_at,
            "stands_since": self.stands_since,
            "apart_since": self.apart_since,
            "quiet_since": self.quiet_since,
        }
        # An empty text, since a field that is left out would keep its old value.
        told = {name: "" if at is None else f"{at:.3f}" for name, at in times.items()}
        return facts | told

    @classmethod
    def from_hash(cls, facts: Mapping[bytes, bytes]) -> "Heartbeat":
        """Return the heartbeat in a hash, whatever stands in it."""
        found = _Facts(facts)
        return cls(
            host=found.text("host"),
            pid=found.count("pid"),
            queues=tuple(name for name in found.text("queues").split(",") if name),
            concurrency=found.count("concurrency"),
            busy=found.count("busy"),
            running=found.jobs("running"),
            is_quiet=found.flag("quiet"),
            is_stopping=found.flag("stopping"),
            started_at=found.seconds("started_at"),
            beat_at=found.seconds("beat_at"),
            peak_memory_bytes=found.count("peak_memory_bytes"),
            stands_since=found.seconds("stands_since"),
            apart_since=found.seconds("apart_since"),
            quiet_since=found.seconds("quiet_since"),
            leaves_for=found.text("leaves_for"),
            faults=found.faults(),
        )


class _Facts:
    """A hash whose fields may hold anything.

    It remembers which of them could not be read.
    """

    def __init__(self, facts: Mapping[bytes, bytes]) -> None:
        self._facts = {text_of(name): text_of(value) for name, value in facts.items()}
        self._known = 0
        self._bad: list[str] = []

    def text(self, name: str) -> str:
        self._known += name in self._facts
        return self._facts.get(name, "")

    def count(self, name: str) -> int:
        text = self.text(name)
        if _COUNT.match(text):
            return int(text)
        if text:
            self._complain(name, text)
        return 0

    def flag(self, name: str) -> bool:
        text = self.text(name)
        if text not in {"", "0", "1"}:
            self._complain(name, text)
        return text == "1"

    def seconds(self, name: str) -> float | None:
        text = self.text(name)
        seconds = seconds_of(text)
        if text and seconds is None:
            self._complain(name, text)
        return seconds

    def jobs(self, name: str) -> tuple[JobInHand, ...]:
        lines = self.text(name).split("\n", MOST_RUNNING)[:MOST_RUNNING]
        jobs = []
        for line in filter(None, lines):
            job = JobInHand.from_line(line)
            if job is None:
                self._complain(name, line)
            else:
                jobs.append(job)
        return tuple(jobs)

    def faults(self) -> tuple[str, ...]:
        """Return what was wrong with the fields that were asked for.

        That may also be that none of them was there.
        """
        return tuple(self._bad) if self._known else ("it has none of the fields of a heartbeat",)

    def _complain(self, name: str, text: str) -> None:
        value = shown(text)
        cut = value if len(value) <= MOST_CHARACTERS else f"{value[: MOST_CHARACTERS - 1]}…"
        self._bad.append(f"{name} is {cut!r}")


def _quoted(text: str) -> str:
    return _SEPARATORS.sub(lambda found: quote(found[0], safe=""), text)


def _unquoted(text: str) -> str:
    return unquote(text, errors="surrogateescape")
