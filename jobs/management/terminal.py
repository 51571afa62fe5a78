"""Text for a terminal: tables, durations and counts.

The `jobs` command prints them.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from unicodedata import category

from django.core.serializers.json import DjangoJSONEncoder
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from jobs import inspect
from jobs.problem import Problem
from jobs.text import shown

#: Units of a duration in seconds, the largest first.
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
#: The columns of `worker_row`.
WORKER_HEADERS = (
    "Worker",
    "Host",
    "Pid",
    "Queues",
    "Busy",
    "Peak memory",
    "Up",
    "Last beat",
    "State",
)
#: The columns of `running_rows`.
RUNNING_HEADERS = ("Running at last beat", "For", "Queue", "Worker", "Id")
#: The columns of `job_row`.
JOB_HEADERS = ("Running job", "Arguments", "For", "Usually", "Queue", "Worker", "Id")
#: The longest arguments in a row.
MOST_ARGUMENTS = 40
NO_WORKER = "No worker is running. Start one with: python manage.py runjobs"


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return the aligned lines of a table with at least one row.

    Numbers stand to the right, everything else to the left.
    """
    titles = [header[0].upper() + header[1:] for header in headers]
    lines = [titles, *(list(map(_cell, row)) for row in rows)]
    columns = zip(*lines, strict=True)
    widths = [max(map(len, column)) for column in columns]
    aligns = [str.rjust if isinstance(cell, int) else str.ljust for cell in rows[0]]

    def aligned(line: Sequence[str]) -> str:
        cells = zip(aligns, line, widths, strict=True)
        return "  ".join(align(cell, width) for align, cell, width in cells).rstrip()

    return list(map(aligned, lines))


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else printable(str(value))


def printable(text: str) -> str:
    """Return text that a terminal shows and never obeys.

    Control characters and odd bytes are written as escapes, and each kind of space as a plain one.
    """
    return "".join(map(_printable_character, shown(text)))


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    if category(character) == "Zs":  # numbers have spaces at which no line may break
        return " "
    return character.encode("unicode_escape").decode()


def problem_line(problem: Problem) -> str:
    """Return the line that names something unreadable, and its remedy."""
    return printable(f"Unreadable: {problem.key}: {problem.reason} {problem.remedy}")


def judged_line(problem: Problem) -> str:
    """Return the line that names a problem.

    It has the kind, the reason, since when, and the remedy. That may end in a command, which must
    be easy to copy.
    """
    since = ""
    if problem.since:
        since = f" Since {timezone.localtime(problem.since):%Y-%m-%d %H:%M:%S %z}."
    key = f" {problem.key}:" if problem.kind == "unreadable" else ""
    return printable(f"{problem.kind}:{key} {problem.reason}{since} {problem.remedy}")


def worker_row(worker: inspect.Worker) -> list[object]:
    """Return the cells of one worker, under WORKER_HEADERS."""
    return [
        worker.name,
        worker.host,
        str(worker.pid),  # a name made of digits, not an amount
        ", ".join(worker.queues),
        f"{worker.busy} of {worker.concurrency}",
        filesizeformat(worker.peak_memory_bytes).replace("\xa0", " "),
        age(worker.started_at),
        f"{age(worker.beat_at)} ago",
        _state(worker),
    ]


def _state(worker: inspect.Worker) -> str:
    if worker.leaves_for:
        return f"being replaced: {worker.leaves_for}"
    return "quiet" if worker.is_quiet else "running"


def queue_numbers(queue: inspect.Queue, names: Iterable[str]) -> list[object]:
    """Return the name of a queue, and its numbers of these names."""
    return [queue.name, *(getattr(queue, name) for name in names)]


def queue_lines(
    stats: inspect.Stats, names: Sequence[str], *, with_left: bool = False
) -> list[str]:
    """Return a table of the queues with their numbers of these names.

    What nothing uses any more is left out and counted below, unless it is wanted.
    """
    left = frozenset() if with_left else stats.left_queues
    queues = [queue for queue in stats.queues if queue.name not in left]
    rows = [[*queue_numbers(queue, names), latency(queue)] for queue in queues]
    lines = table(("Queue", *names, "Latency"), rows)
    if left:
        more = f"{counted(len(left), 'queue')} that nothing uses any more"
        lines += ["", f"Not shown: {more}. See all with: python manage.py jobs queues --all"]
    return lines


def latency(queue: inspect.Queue) -> str:
    """Return the latency of a queue, and whether it is paused or limited."""
    text = duration(queue.latency_seconds)
    if queue.most_running is not None:
        text += f", runs at most {queue.most_running:,} at a time"
    if queue.size_limit is not None:
        text += f", holds {queue.size:,} of at most {queue.size_limit:,}"
    return f"{text}, paused" if queue.is_paused else text


def age(moment: datetime | None) -> str:
    """Return how long ago a moment was, as text.

    It is a dash where the moment is unknown.
    """
    if moment is None:
        return "–"
    passed = (timezone.now() - moment).total_seconds()
    return duration(max(0.0, passed))


def duration(seconds: float) -> str:
    """Return a duration in its largest unit, rounded down.

    Examples: 4.2 s, 59 s, 3 min. Below ten seconds it has tenths.
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size)
    return f"{seconds // size:.0f} {unit}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 job, 2 jobs."""
    plural = "" if number == 1 else "s"
    return f"{number:,} {noun}{plural}"


def running_rows(workers: Iterable[inspect.Worker]) -> list[list[object]]:
    """Return a row for each job that these workers ran at their last heartbeats.

    The columns are RUNNING_HEADERS. The job that has run longest comes first.
    """
    found = [(job.since, worker, job) for worker in workers for job in worker.running]
    found.sort(key=lambda each: each[0])
    return [
        [job.job_class or "?", age(job.since), job.queue, worker.name, job.job_id]
        for _since, worker, job in found
    ]


def job_row(job: inspect.JobAtWork) -> list[object]:
    """Return the cells of a job that runs, under JOB_HEADERS.

    A `!` marks one that has run far longer than its class usually does.
    """
    running, record, usual = job.running, job.record, job.usual
    arguments = record.arguments_text if record else ""
    if len(arguments) > MOST_ARGUMENTS:
        arguments = f"{arguments[: MOST_ARGUMENTS - 1]}…"
    return [
        job.job_class or "?",
        arguments or "–",
        f"{duration(job.seconds)}{' !' if job.is_overlong else ''}",
        f"{duration(usual.p50)}, 95 %: {duration(usual.p95)}" if usual else "–",
        running.queue,
        job.worker.name,
        running.job_id,
    ]


def to_json(value: Any) -> str:
    """Return indented JSON, with times in ISO format."""
    return json.dumps(value, cls=DjangoJSONEncoder, indent=2)
