"""The sub-commands of `manage.py jobs` that are about single jobs: list a set, explain, retry, kill, delete."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from jobs import control, inspect
from jobs.control.jobs import DELETABLE, KILLABLE, RETRYABLE
from jobs.inspect.filter import Filter
from jobs.inspect.record import JobRecord
from jobs.management.terminal import age, counted, duration, table
from jobs.store.reader import SetName

#: Longest cell of a table.
MOST_CHARACTERS = 60


class JobCommands:
    """Declares and runs them; a part of the command."""

    stdout: OutputWrapper

    def add_job_commands(self, add: Callable[[str, Callable[..., None], str], ArgumentParser]) -> None:
        """Declare the sub-commands by means of `add`."""
        for name, run, help_text in (
            ("scheduled", self.scheduled, "List the jobs that run at a time, the next first."),
            ("retries", self.retries, "List the jobs that failed and will be tried again, the next first."),
            ("dead", self.dead, "List the jobs that will not be tried again, the latest first."),
        ):
            _add_filter(add(name, run, help_text))
        for name, change, help_text in (
            ("explain", self.explain, "Say why a job has not run yet, or what became of it."),
            ("retry", self.retry, "Run jobs now that are scheduled, failed, or dead."),
            ("kill", self.kill, "Move jobs that wait to the dead set."),
            ("delete", self.delete, "Delete jobs for good."),
        ):
            add(name, change, help_text).add_argument("ids", nargs="+", metavar="ID", help="Ids of jobs.")

    # Lists

    def scheduled(self, **options: Any) -> None:
        """Print the scheduled set."""
        self._print_set("scheduled", **options)

    def retries(self, **options: Any) -> None:
        """Print the retry set."""
        self._print_set("retry", **options)

    def dead(self, **options: Any) -> None:
        """Print the dead set."""
        self._print_set("dead", **options)

    def _print_set(self, name: SetName, *, limit: int, **options: Any) -> None:
        wanted = Filter(**{key: options[key] for key in ("queue", "job_class", "error", "text")})
        page = inspect.job_set(name, wanted, limit=limit)
        if page.jobs:
            self.stdout.write(
                "\n".join(table(("Id", "When", "Queue", "Class", "Arguments", "Error"), _rows(page.jobs)))
            )
        shown = f"{len(page.jobs):,} of {counted(page.total, 'job')}"
        searched = f"; searched the first {page.searched:,} and stopped" if page.is_bounded else ""
        self.stdout.write(f"{shown}{searched}.")

    # Single jobs

    def explain(self, *, ids: list[str], **options: Any) -> None:
        """Print why each job is where it is."""
        for job_id in ids:
            explanation = inspect.explain(job_id)
            place = f" ({explanation.place})" if explanation.place else ""
            self.stdout.write("\n  ".join([f"{job_id}{place}", *explanation.sentences]))

    def retry(self, *, ids: list[str], **options: Any) -> None:
        """Run jobs now."""
        self._change(ids, control.retry, RETRYABLE, "Retried")

    def kill(self, *, ids: list[str], **options: Any) -> None:
        """Move jobs to the dead set."""
        self._change(ids, control.kill, KILLABLE, "Killed")

    def delete(self, *, ids: list[str], **options: Any) -> None:
        """Delete jobs."""
        self._change(ids, control.delete, DELETABLE, "Deleted")

    def _change(
        self, ids: list[str], change: Callable[[Iterable[JobRecord]], int], places: frozenset[SetName], done: str
    ) -> None:
        """Change the jobs that can be, and fail if one cannot."""
        problems = []
        for job_id in dict.fromkeys(ids):
            job = inspect.find(job_id)
            if job is None:
                problems.append(f"There is no job {job_id}.")
            elif not change([job]):
                where = "elsewhere by now" if job.place in places else job.place or "in no set"
                problems.append(f"Job {job_id} is {where}; this can be done to jobs that are {_listed(places)}.")
            else:
                self.stdout.write(f"{done} {job.job_class} {job_id}.")
        if problems:
            raise CommandError("\n".join(problems))


def _add_filter(command: ArgumentParser) -> None:
    command.add_argument("--queue", default="", help="Only of this queue.")
    command.add_argument("--class", dest="job_class", default="", metavar="NAME", help="Only of this job class.")
    command.add_argument("--error", default="", help="Part of the class or message of the last error.")
    command.add_argument("--text", default="", help="Words in the arguments.")
    command.add_argument("--limit", type=int, default=25, metavar="N", help="Most jobs to list.")


def _rows(jobs: Iterable[JobRecord]) -> list[list[object]]:
    return [[job.id, _when(job), job.queue, job.job_class, _cut(job.arguments_text), _cut(_error(job))] for job in jobs]


def _when(job: JobRecord) -> str:
    if job.at is None:
        return ""
    wait = (job.at - timezone.now()).total_seconds()
    return f"in {duration(wait)}" if wait > 0 else f"{age(job.at)} ago"


def _error(job: JobRecord) -> str:
    return f"{job.error_class}: {job.error_message}".partition("\n")[0] if job.error else ""


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _listed(places: frozenset[SetName]) -> str:
    return " or ".join(sorted(places))
