"""`manage.py jobs …`: watch and repair jobs, queues and workers in a terminal.

There is one method for each sub-command. It asks `jobs.inspect` or `jobs.control`, and prints.
Nothing is computed here.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs import control, inspect
from jobs.connection_checks import warnings_of_workers
from jobs.errors import ConfigurationError, InvalidJob, StoreCorrupt, StoreUnavailable
from jobs.inspect.stats import COUNTS
from jobs.management.check_command import CheckCommand
from jobs.management.job_commands import Add, JobCommands
from jobs.management.queue_commands import QueueCommands
from jobs.management.resign_command import ResignCommand
from jobs.management.schedule_commands import ScheduleCommands
from jobs.management.terminal import (
    NO_WORKER,
    RUNNING_HEADERS,
    WORKER_HEADERS,
    counted,
    printable,
    problem_line,
    queue_lines,
    running_rows,
    table,
    to_json,
    worker_row,
)
from jobs.management.top import Top, positive_seconds
from jobs.problem import Problem
from jobs.text import shown

#: Exit code of a process that SIGPIPE ended, as shells write it.
BROKEN_PIPE = 141


class Command(
    CheckCommand, JobCommands, QueueCommands, ResignCommand, ScheduleCommands, BaseCommand
):
    """Parse the sub-command and run its method."""

    help = "Watches and repairs jobs, queues and workers."
    requires_system_checks: list[str] = []  # who looks for a fault must not be stopped by another

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the sub-commands."""
        commands = parser.add_subparsers(title="sub-commands", metavar="COMMAND", required=True)

        def add(name: str, run: Callable[..., None], help_text: str) -> ArgumentParser:
            command: ArgumentParser = commands.add_parser(
                name, help=help_text, description=help_text
            )
            command.set_defaults(run=run)
            return command

        self._add_views(add)
        self.add_check(add)
        self._add_doctor(add)
        self.add_job_commands(add)
        self.add_queue_commands(add)
        self.add_schedule_commands(add)
        self.add_resign(add)
        self._add_changes(add)
        self._add_top(add)

    def _add_views(self, add: Add) -> None:
        stats = add("stats", self.stats, "Show everything in one view.")
        stats.add_argument("--json", action="store_true", help="Print JSON, for programs.")
        queues = add("queues", self.queues, "Show the queues with their numbers.")
        queues.add_argument(
            "--all", action="store_true", help="Also those that are empty and that nothing uses."
        )
        add("workers", self.workers, "Show every worker and what it runs.")

    def _add_doctor(self, add: Add) -> None:
        doctor = add(
            "doctor",
            self.doctor,
            "Check that every job is in exactly one place; exit 1 if one is not.",
        )
        doctor.add_argument("--repair", action="store_true", help="Put strays back.")

    def _add_changes(self, add: Add) -> None:
        deploy = add("deploy-mark", self.deploy_mark, "Mark this moment as a deploy in the charts.")
        deploy.add_argument("label", help="What was deployed, such as a version.")

    def _add_top(self, add: Add) -> None:
        top = add("top", self.top, "Show queues, workers and running jobs live. Keys act.")
        top.add_argument(
            "--every",
            type=positive_seconds,
            default=2.0,
            metavar="SECONDS",
            help="Seconds between two looks.",
        )
        top.add_argument(
            "--times",
            type=int,
            default=0,
            metavar="N",
            help="Looks before it ends; 0: for ever in a terminal, else one.",
        )

    def handle(self, *args: object, run: Callable[..., None], **options: Any) -> None:
        """Run the method of the sub-command.

        A Redis that is away is told in one sentence, without a traceback. What could not be read is
        told on the standard error, in a line each. Whoever reads the output may go away, as `head`
        does: that ends the command with exit code 141, as SIGPIPE would.
        """
        try:
            self.reader = inspect.get_reader()
            self._run(run, options)
            self.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more at its end, and must not fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(BROKEN_PIPE)
        except (StoreUnavailable, StoreCorrupt, ConfigurationError, InvalidJob) as error:
            raise CommandError(shown(str(error))) from error

    def _run(self, run: Callable[..., None], options: dict[str, Any]) -> None:
        try:
            run(**options)
        finally:
            for problem in self.reader.problems:
                self.stderr.write(self.style.WARNING(problem_line(problem)))

    # Sub-commands

    def stats(self, *, json: bool, **options: object) -> None:
        """Print totals, queues and the number of workers."""
        stats = inspect.stats(self.reader)
        if json:
            problems = inspect.problems(self.reader, stats)
            self.stdout.write(to_json(stats.as_json(problems)))
            return
        workers = f"{len(stats.workers):,}"
        if stats.workers:
            workers += f", {counted(stats.busy, 'job')} on {counted(stats.threads, 'thread')}"
        self.stdout.write(f"Processed  {stats.processed:,}")
        self.stdout.write(f"Failed     {stats.failed:,}")
        self.stdout.write(f"Workers    {workers}\n\n")
        self.stdout.write("\n".join(queue_lines(stats, COUNTS)))

    def queues(self, *, all: bool, **options: object) -> None:  # noqa: A002  # the option's name
        """Print a line for each queue."""
        numbers = (*COUNTS, "processed", "failed")
        lines = queue_lines(inspect.stats(self.reader), numbers, with_left=all)
        self.stdout.write("\n".join(lines))

    def workers(self, **options: object) -> None:
        """Print a line for each worker.

        Below stands a line for each job that one ran at its last heartbeat.
        """
        workers = inspect.workers(self.reader)
        if not workers:
            self.stdout.write(NO_WORKER)
            return
        self._write_table(WORKER_HEADERS, list(map(worker_row, workers)))
        running = running_rows(workers)
        if running:
            self.stdout.write("")
            self._write_table(RUNNING_HEADERS, running)

    def doctor(self, *, repair: bool, **options: object) -> None:
        """Print what is broken and what was repaired, and fail if something is broken.

        It also prints how much was looked at, and first of all which rights its Redis user lacks.
        """
        for refusal in inspect.permission_warnings(repair=repair, reader=self.reader):
            self.stderr.write(self.style.WARNING(f"Warning: {refusal}"))
        diagnosis = inspect.check_invariant(repair=repair)
        self._write_strays("Repaired", diagnosis.repaired)
        self._write_strays("Broken", diagnosis.strays)
        self._write_problems("Repaired", diagnosis.mended)
        self._write_problems("Problem", diagnosis.problems)
        for warning in inspect.server(self.reader).warnings:
            self.stderr.write(self.style.WARNING(f"Warning: {warning}"))
        threads = [worker.concurrency for worker in inspect.workers(self.reader)]
        for warning in warnings_of_workers(threads):
            self.stderr.write(self.style.WARNING(f"Warning: {warning}"))
        looked_at = f"{counted(diagnosis.jobs, 'job')} in {counted(len(diagnosis.queues), 'queue')}"
        if not diagnosis.is_well:
            raise CommandError(f"Looked at {looked_at}: {_what_is_wrong(diagnosis, repair=repair)}")
        praise = f"Looked at {looked_at}: every job is in exactly one place."
        self.stdout.write(self.style.SUCCESS(praise))

    def deploy_mark(self, *, label: str, **options: object) -> None:
        """Mark a deploy."""
        try:
            deploy = control.mark_deploy(label)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Marked deploy {deploy.label}.")

    def top(self, *, every: float, times: int, **options: object) -> None:
        """Show what goes on, and do what keys ask for."""
        Top(self.stdout, every).run(times)

    def _write_strays(self, title: str, strays: Sequence[inspect.Stray]) -> None:
        if strays:
            rows = [[stray.job_id, stray.queue, stray.found] for stray in strays]
            self._write_table((title, "Queue", "Found in"), rows)

    def _write_problems(self, title: str, problems: Iterable[Problem]) -> None:
        for problem in problems:
            line = f"{title}: {problem.key}: {problem.reason} {problem.remedy}"
            self.stdout.write(printable(line))

    def _write_table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        self.stdout.write("\n".join(table(headers, rows)))


def _what_is_wrong(diagnosis: inspect.Diagnosis, *, repair: bool) -> str:
    found = []
    if diagnosis.strays:
        found.append(f"{len(diagnosis.strays):,} not in exactly one place")
    if diagnosis.problems:
        found.append(counted(len(diagnosis.problems), "other problem" if found else "problem"))
    remedy = "" if repair else " Repair this with: python manage.py jobs doctor --repair"
    return f"{' and '.join(found)}.{remedy}"
