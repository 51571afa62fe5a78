"""`manage.py jobs …`: watch and repair jobs, queues and workers in a terminal.

One method for each sub-command, which asks `jobs.inspect` or `jobs.control` and prints; nothing is computed here.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs import control, inspect
from jobs.errors import ConfigurationError, InvalidJob, JobsError, StoreUnavailable
from jobs.handlers import handle_error
from jobs.inspect.stats import COUNTS
from jobs.management.job_commands import JobCommands
from jobs.management.terminal import age, counted, latency, table, to_json, worker_row
from jobs.management.top import Top


class Command(JobCommands, BaseCommand):
    """Parse the sub-command and run its method."""

    help = "Watches and repairs jobs, queues and workers."
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
        self.add_job_commands(add)
        for name, run, what in (
            ("pause", self.pause, "Let no worker take jobs from these queues; what runs goes on."),
            ("resume", self.resume, "Let workers take jobs from these queues again."),
        ):
            add(name, run, what).add_argument("queues", nargs="+", metavar="QUEUE")
        deploy = add("deploy-mark", self.deploy_mark, "Mark this moment as a deploy in the charts.")
        deploy.add_argument("label", help="What was deployed, such as a version.")
        top = add("top", self.top, "Show queues and workers live, until Ctrl-C.")
        top.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="Seconds between two looks.")
        top.add_argument("--times", type=int, default=0, metavar="N", help="Looks before it ends; 0: for ever.")

    def handle(self, *args: object, run: Callable[..., None], **options: Any) -> None:
        """Run the method of the sub-command; a Redis that is away is one sentence, not a traceback."""
        try:
            run(**options)
        except (StoreUnavailable, ConfigurationError, InvalidJob) as error:
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

    def pause(self, *, queues: Sequence[str], **options: object) -> None:
        """Pause queues."""
        for queue in queues:
            control.pause(queue)
            self.stdout.write(f"Queue {queue} is paused. Go on with: python manage.py jobs resume {queue}")

    def resume(self, *, queues: Sequence[str], **options: object) -> None:
        """Resume queues."""
        for queue in queues:
            control.resume(queue)
            self.stdout.write(f"Queue {queue} goes on.")

    def deploy_mark(self, *, label: str, **options: object) -> None:
        """Mark a deploy."""
        try:
            deploy = control.mark_deploy(label)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Marked deploy {deploy.label}.")

    def top(self, *, every: float, times: int, **options: object) -> None:
        """Show what goes on, again and again."""
        Top(self.stdout, every).run(times)

    def _write_table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        self.stdout.write("\n".join(table(headers, rows)))
