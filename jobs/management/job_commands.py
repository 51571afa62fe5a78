"""The sub-commands of `manage.py jobs` that are about single jobs.

They list a set, explain, retry, kill and delete.
"""

import math
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone

from jobs import control, inspect
from jobs.control.jobs import DELETABLE, KILLABLE, RETRYABLE
from jobs.inspect.filter import Filter
from jobs.inspect.record import JobRecord
from jobs.management.terminal import age, counted, duration, printable, table
from jobs.registry import registry
from jobs.store.reader import Reader, SetName

#: Most characters of a cell in a table.
MOST_CHARACTERS = 60
#: Declares a sub-command by its name, its method and its help.
Add = Callable[[str, Callable[..., None], str], ArgumentParser]


class JobCommands:
    """The part of the command that declares and runs them."""

    stdout: OutputWrapper
    reader: Reader

    def add_job_commands(self, add: Add) -> None:
        """Declare the sub-commands by means of `add`."""
        lists = (
            add("scheduled", self.scheduled, "List the jobs that run at a time, the next first."),
            add(
                "retries",
                self.retries,
                "List the jobs that failed and will be tried again, the next first.",
            ),
            add("dead", self.dead, "List the jobs that will not be tried again, the latest first."),
        )
        for command in lists:
            _add_filter(command)
            command.add_argument(
                "--limit", type=int, default=25, metavar="N", help="Most jobs to list."
            )
        retry = add("retry", self.retry, "Run jobs now that are scheduled, failed, or dead.")
        retry.add_argument("ids", nargs="*", metavar="ID", help="Ids of jobs.")
        retry.add_argument(
            "--all",
            dest="whole_set",
            choices=sorted(RETRYABLE),
            default="",
            help="All of a set that match, instead.",
        )
        _add_filter(retry)
        commands_for_ids = (
            add("explain", self.explain, "Say why a job has not run yet, or what became of it."),
            add("kill", self.kill, "Move jobs that wait to the dead set."),
            add("delete", self.delete, "Delete jobs for good."),
        )
        for command in commands_for_ids:
            command.add_argument("ids", nargs="+", metavar="ID", help="Ids of jobs.")

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
        wanted = _filter(options)
        page = inspect.job_set(name, wanted, limit=limit, reader=self.reader)
        if page.jobs:
            headers = ("Id", "When", "Queue", "Class", "Arguments", "Error")
            lines = table(headers, list(map(_row, page.jobs)))
            self.stdout.write("\n".join(lines))
        summary = f"{len(page.jobs):,} of {counted(page.total, 'job')}"
        if page.is_bounded:
            summary += f"; searched the first {page.searched:,} and stopped"
        self.stdout.write(f"{summary}.")
        if not page.jobs:
            self._tell_of_class(wanted)

    def _tell_of_class(self, wanted: Filter) -> None:
        """Say how the job class is called that nothing was found of."""
        name = wanted.job_class
        known = registry.names()
        near = [full for full in known if full.rpartition(".")[2] == name]
        near = near or get_close_matches(name, known, n=2)
        if name and near and name not in known:
            names = " or ".join(near)
            self.stdout.write(printable(f"There is no job class {name}. Did you mean {names}?"))

    # Single jobs

    def explain(self, *, ids: list[str], **options: Any) -> None:
        """Print why each job is where it is."""
        for job_id in ids:
            explanation = inspect.explain(job_id, self.reader)
            place = f" ({explanation.place})" if explanation.place else ""
            lines = [f"{job_id}{place}", *explanation.sentences]
            self.stdout.write("\n  ".join(map(printable, lines)))

    def retry(self, *, ids: list[str], whole_set: SetName | Literal[""], **options: Any) -> None:
        """Run jobs now."""
        wanted = _filter(options)
        if bool(ids) == bool(whole_set):
            raise CommandError("Give ids of jobs, or --all with the name of a set.")
        if ids and wanted != Filter():
            raise CommandError("--queue, --class, --error and --text go with --all, not with ids.")
        if whole_set:
            self._retry_all(whole_set, wanted)
            return
        barred: list[str] = []
        self._change(ids, lambda jobs: control.retry(jobs, barred), RETRYABLE, "Retried", barred)

    def _retry_all(self, name: SetName, wanted: Filter) -> None:
        sweep = control.retry_all(name, wanted, seconds=math.inf, reader=self.reader)
        self.stdout.write(f"Retried {counted(sweep.changed, 'job')}.")
        if not sweep.changed:
            self._tell_of_class(wanted)
        if sweep.barred == 1:
            self.stdout.write("1 dead job stays where it is: another job holds its unique key.")
        elif sweep.barred:
            self.stdout.write(
                f"{sweep.barred:,} dead jobs stay where they are: other jobs hold their unique "
                "keys."
            )

    def kill(self, *, ids: list[str], **options: Any) -> None:
        """Move jobs to the dead set."""
        self._change(ids, control.kill, KILLABLE, "Killed")

    def delete(self, *, ids: list[str], **options: Any) -> None:
        """Delete jobs."""
        self._change(ids, control.delete, DELETABLE, "Deleted")

    def _change(
        self,
        ids: list[str],
        change: Callable[[Iterable[JobRecord]], int],
        places: frozenset[SetName],
        done: str,
        barred: Sequence[str] = (),
    ) -> None:
        """Change the jobs that can be changed, and fail if one cannot."""
        problems, changed = [], 0
        for job_id in dict.fromkeys(ids):
            job = inspect.find(job_id, self.reader)
            if job is None:
                problems.append(f"There is no job {job_id}.")
            elif change([job]):
                changed += 1
                self.stdout.write(printable(f"{done} {job.job_class} {job_id}."))
            elif job_id in barred:
                problems.append(self._why_barred(job))
            else:
                problems.append(_why_not(job, job_id, places))
        if len(barred) > 1:
            stay = f"and {len(barred):,} stay dead"
            problems.append(f"Of {counted(len(ids), 'job')} {changed:,} were retried, {stay}.")
        if problems:
            raise CommandError("\n".join(map(printable, problems)))

    def _why_barred(self, job: JobRecord) -> str:
        place = inspect.unique_place_of(job, self.reader)
        holder = place.holder if place else "another job"
        return f"Job {job.id} stays dead: job {holder} holds its unique key. Retry it after that."


def _add_filter(command: ArgumentParser) -> None:
    command.add_argument("--queue", default="", help="Only of this queue.")
    command.add_argument(
        "--class", dest="job_class", default="", metavar="NAME", help="Only of this job class."
    )
    command.add_argument(
        "--error", default="", help="Part of the class or message of the last error."
    )
    command.add_argument("--text", default="", help="Words in the arguments.")


def _filter(options: Mapping[str, Any]) -> Filter:
    """Return the filter that the options ask for. Raise CommandError."""
    fields = {key: options[key] for key in ("queue", "job_class", "error", "text")}
    try:
        return Filter(**fields)
    except ValueError as error:
        raise CommandError(f"--{error}") from error


def _why_not(job: JobRecord, job_id: str, places: frozenset[SetName]) -> str:
    if job.place in places:
        return f"Job {job_id} has just moved to another set."
    where: str = job.place or "in no set"
    allowed = ", ".join(sorted(places))
    return (
        f"Job {job_id} is {where}. Only jobs in these sets can be changed in this way: {allowed}."
    )


def _row(job: JobRecord) -> list[object]:
    return [
        job.id,
        _when(job),
        job.queue,
        job.job_class,
        "encrypted" if job.is_encrypted else _cut(job.arguments_text),
        _cut(_error(job)),
    ]


def _when(job: JobRecord) -> str:
    if job.at is None:
        return ""
    wait = (job.at - timezone.now()).total_seconds()
    return f"in {duration(wait)}" if wait > 0 else f"{age(job.at)} ago"


def _error(job: JobRecord) -> str:
    """Return the class of the last error, and the first line of its message."""
    if not job.error:
        return ""
    text = f"{job.error_class}: {job.error_message}"
    return text.partition("\n")[0]


def _cut(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[: MOST_CHARACTERS - 1]}…"
