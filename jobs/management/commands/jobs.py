"""`manage.py jobs …`: look at queues and workers in a terminal, and repair what is broken.

One method for each sub-command, which asks `jobs.inspect` and prints; what is printed here is computed nowhere here.
"""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from jobs import inspect
from jobs.errors import ConfigurationError, JobsError, StoreUnavailable
from jobs.handlers import handle_error
from jobs.inspect.stats import COUNTS

#: Units of a duration in seconds, the largest first.
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


class Command(BaseCommand):
    """Parse the sub-command and run its method."""

    help = "Shows queues and workers, and checks that every job is in exactly one place."
    requires_system_checks: list[str] = []  # who looks for a fault must not be stopped by another

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the sub-commands."""
        commands = parser.add_subparsers(title="sub-commands", metavar="COMMAND", required=True)

        def add(name: str, run: Callable[..., None], help_text: str) -> ArgumentParser:
            command: ArgumentParser = commands.add_parser(name, help=help_text, description=help_text)
            command.set_defaults(run=run)
            return command

        stats = add("stats", self.stats, "Show everything in one view.")
        stats.add_argument("--json", action="store_true", help="Print JSON, for programs.")
        add("queues", self.queues, "Show every queue with its numbers.")
        add("workers", self.workers, "Show every worker and what it runs.")
        check = add(
            "check", self.health, "Fail, and tell the error handlers, if too few workers live or a queue is late."
        )
        check.add_argument("--min-workers", type=int, default=1, metavar="N", help="Workers that must take jobs.")
        check.add_argument("--max-latency", type=float, default=60, metavar="SECONDS", help="Longest wait of a job.")
        doctor = add("doctor", self.doctor, "Check that every job is in exactly one place; exit 1 if one is not.")
        doctor.add_argument("--repair", action="store_true", help="Put strays back.")

    def handle(self, *args: object, run: Callable[..., None], **options: Any) -> None:
        """Run the method of the sub-command; a Redis that is away is one sentence, not a traceback."""
        try:
            run(**options)
        except (StoreUnavailable, ConfigurationError) as error:
            raise CommandError(str(error)) from error

    # Sub-commands

    def stats(self, *, json: bool, **options: object) -> None:
        """Print totals, queues and the number of workers."""
        stats = inspect.stats()
        if json:
            self.stdout.write(to_json(stats.as_json()))
            return
        busy, threads = sum(w.busy for w in stats.workers), sum(w.concurrency for w in stats.workers)
        at_work = f", {counted(busy, 'job')} on {counted(threads, 'thread')}" if stats.workers else ""
        self.stdout.write(f"Processed  {stats.processed:,}")
        self.stdout.write(f"Failed     {stats.failed:,}")
        self.stdout.write(f"Workers    {len(stats.workers):,}{at_work}\n\n")
        rows = [[q.name, *(getattr(q, name) for name in COUNTS), latency(q)] for q in stats.queues]
        self._write_table(("Queue", *COUNTS, "Latency"), rows)

    def queues(self, **options: object) -> None:
        """Print a line for each queue."""
        numbers = (*COUNTS, "processed", "failed")
        rows = [[q.name, *(getattr(q, name) for name in numbers), latency(q)] for q in inspect.queues()]
        self._write_table(("Queue", *numbers, "Latency"), rows)

    def workers(self, **options: object) -> None:
        """Print a line for each worker, and below one for each job that it ran at its last heartbeat."""
        workers = inspect.workers()
        if not workers:
            self.stdout.write("No worker is running. Start one with: python manage.py runjobs")
            return
        headers = ("Worker", "Host", "Pid", "Queues", "Busy", "Peak memory", "Up", "Last beat", "State")
        self._write_table(headers, [worker_row(worker) for worker in workers])
        running = [[r.job_id, r.queue, age(r.since), w.name] for w in workers for r in w.running]
        if running:
            self.stdout.write("")
            self._write_table(("Running at last beat", "Queue", "For", "Worker"), running)

    def health(self, *, min_workers: int, max_latency: float, **options: object) -> None:
        """Raise an alarm by exit code and error handlers, also when Redis is away."""
        try:
            problems = inspect.health_problems(min_workers, max_latency)
        except StoreUnavailable as error:
            problems = [str(error)]
        if problems:
            alarm = JobsError(" ".join(problems))
            handle_error(alarm, {"command": "jobs check", "min_workers": min_workers, "max_latency": max_latency})
            raise CommandError(str(alarm))
        self.stdout.write(self.style.SUCCESS("Workers take jobs, and no queue is late."))

    def doctor(self, *, repair: bool, **options: object) -> None:
        """Print what is broken, what was repaired, and what was looked at; fail if something is broken."""
        diagnosis = inspect.check_invariant(repair=repair)
        looked_at = f"{counted(diagnosis.jobs, 'job')} in {counted(len(diagnosis.queues), 'queue')}"
        for title, strays in (("Repaired", diagnosis.repaired), ("Broken", diagnosis.strays)):
            if strays:
                self._write_table((title, "Queue", "Found in"), [[s.job_id, s.queue, s.found] for s in strays])
        for warning in inspect.server().warnings:
            self.stderr.write(self.style.WARNING(f"Warning: {warning}"))
        if diagnosis.strays:
            remedy = "" if repair else " Put them back with: python manage.py jobs doctor --repair"
            raise CommandError(f"Looked at {looked_at}: {len(diagnosis.strays):,} not in exactly one place.{remedy}")
        self.stdout.write(self.style.SUCCESS(f"Looked at {looked_at}: every job is in exactly one place."))

    def _write_table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        self.stdout.write("\n".join(table(headers, rows)))


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return aligned lines of at least one row: numbers to the right, everything else to the left."""
    titles = [header[0].upper() + header[1:] for header in headers]
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    columns = list(zip(titles, *cells, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    are_numbers = [isinstance(cell, int) for cell in rows[0]]

    def align(line: Sequence[str]) -> str:
        padded = (c.rjust(w) if n else c.ljust(w) for c, w, n in zip(line, widths, are_numbers, strict=True))
        return "  ".join(padded).rstrip()

    return [align(titles), *(align(line) for line in cells)]


def worker_row(worker: inspect.Worker) -> list[object]:
    """Return the cells of one worker."""
    return [
        worker.name,
        worker.host,
        str(worker.pid),  # a name made of digits, not an amount
        ", ".join(worker.queues),
        f"{worker.busy} of {worker.concurrency}",
        filesizeformat(worker.peak_memory_bytes).replace("\xa0", " "),
        age(worker.started_at),
        f"{age(worker.beat_at)} ago",
        "quiet" if worker.is_quiet else "running",
    ]


def latency(queue: inspect.Queue) -> str:
    """Return the latency of a queue as text, and whether the queue is paused."""
    return duration(queue.latency_seconds) + (", paused" if queue.is_paused else "")


def age(moment: datetime) -> str:
    """Return how long ago a moment was, as text."""
    return duration(max(0.0, (timezone.now() - moment).total_seconds()))


def duration(seconds: float) -> str:
    """Return a duration in whole units, rounded down; below ten seconds with tenths."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return next(f"{seconds // size:.0f} {unit}" for size, unit in UNITS if seconds >= size)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def to_json(value: Any) -> str:
    """Return indented JSON; times in ISO format."""
    return json.dumps(value, cls=DjangoJSONEncoder, indent=2)
