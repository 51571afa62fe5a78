"""The sub-command `jobs check`.

It judges what goes on, or with `--deploy` the jobs in Redis by the code here.
"""

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.core.management.color import Style

from jobs import control, inspect
from jobs.errors import StoreUnavailable
from jobs.management.job_commands import Add
from jobs.management.terminal import counted, judged_line, printable, table, to_json
from jobs.problem import Problem
from jobs.store.reader import Reader

#: What error handlers hear of when Redis is away. Nothing can be noted there then.
REDIS_AWAY = {"command": "jobs check", "kind": "redis_away", "key": "", "since": "", "where": ""}
#: The columns of the misfits.
HEADERS = ("Class", "Queue", "Set", "Jobs", "First id", "Fate")
#: What is told where nothing was ever enqueued. The first deploy of all passes.
NEVER_USED = (
    "Warning: No queue was ever used here. Are JOBS['REDIS_URL'] and JOBS['NAMESPACE'] those of "
    "production?"
)
#: Options that only a check of a deploy has, with their help.
OF_DEPLOY = {
    "--all": "With --deploy: look at every job, and not at some of each set.",
    "--json": "With --deploy: print JSON, for programs.",
}


class CheckCommand:
    """The part of the command that declares and runs it."""

    stdout: OutputWrapper
    stderr: OutputWrapper
    style: Style
    reader: Reader

    def add_check(self, add: Add) -> None:
        """Declare the sub-command by means of `add`."""
        check = add("check", self.judge, "Name each problem; exit 1 if any, 2 without Redis.")
        check.add_argument(
            "--min-workers", type=int, metavar="N", help="Instead of JOBS['CHECK_MIN_WORKERS']."
        )
        check.add_argument(
            "--max-latency",
            type=float,
            metavar="SECONDS",
            help="Instead of JOBS['CHECK_MAX_LATENCY'].",
        )
        _add_deploy(check)

    def judge(self, *, deploy: bool, **options: Any) -> None:
        """Judge what goes on, or with `--deploy` the jobs by the code here."""
        of_problems = {name: options[name] for name in ("min_workers", "max_latency")}
        of_deploy = {name: options[name] for name in ("all", "json")}
        others = of_problems if deploy else of_deploy
        for name, value in others.items():
            if value is not None and value is not False:  # 0 is an answer too
                option = f"--{name.replace('_', '-')}"
                where = "cannot be used with" if deploy else "needs"
                raise CommandError(f"{option} {where} --deploy.")
        if deploy:
            self.check_deploy(**of_deploy)
        else:
            self.check_problems(**of_problems)

    # What goes on

    def check_problems(self, *, min_workers: int | None, max_latency: float | None) -> None:
        """Name all problems and tell the error handlers.

        The exit code is 1 if there are any, 2 if Redis is away.
        """
        try:
            found = inspect.problems(self.reader, min_workers=min_workers, max_latency=max_latency)
        except StoreUnavailable as error:
            self.stdout.write(printable(f"redis_away: {error}"))
            self._write_unheard(control.tell_all(str(error), REDIS_AWAY, again=False))
            raise CommandError("Redis is away.", returncode=2) from error
        self._write_judgement(found)
        self._write_unheard(control.tell_of(found))
        if found:
            raise CommandError(counted(len(found), "problem"))

    def _write_judgement(self, found: Sequence[Problem]) -> None:
        """Answer before the handlers are called, so that nobody waits for them."""
        self.reader = inspect.get_reader()  # what could not be read is one of the problems
        for problem in found:
            self.stdout.write(judged_line(problem))
        if not found:
            self.stdout.write(self.style.SUCCESS("All well."))
        self.stdout.flush()

    def _write_unheard(self, unheard: Iterable[control.Unheard]) -> None:
        for each in unheard:
            end = "A job tells it again." if each.is_told_again else "It is not told again."
            line = f"{each.handler} could not be told: {each.error}. {end}"
            self.stderr.write(self.style.WARNING(printable(line)))

    # A deploy

    def check_deploy(self, *, all: bool, json: bool) -> None:  # noqa: A002  # the option's name
        """Name the jobs in Redis that do not suit the code of this process.

        The exit code is 1 if any of them waits or runs, 2 if Redis is away. The dead are named
        too, and change nothing about it. No error handler is told.
        """
        try:
            found = inspect.misfits(self.reader, every=all)
        except StoreUnavailable as error:
            self.stderr.write(printable(str(error)))
            raise CommandError("Redis is away.", returncode=2) from error
        if not found.queues:
            self.stderr.write(self.style.WARNING(NEVER_USED))
        if json:
            self.stdout.write(to_json(found.as_json()))
        else:
            self._write_misfits(found)
        if found.count:
            among = "" if found.is_whole else f" of the {found.looked_at:,} that were looked at"
            raise CommandError(f"{counted(found.count, 'job')}{among} would be parked or fail.")

    def _write_misfits(self, found: inspect.Misfits) -> None:
        if found.groups:
            self.stdout.write("\n".join(table(HEADERS, list(map(_misfit_row, found.groups)))))
            self.stdout.write("")
        for line in dict.fromkeys(map(_advice, found.groups)):
            self.stdout.write(printable(line))
        if found.left_out:
            self.stdout.write(f"{counted(found.left_out, 'more misfit')} in other groups.")
        self.stdout.write(_looked_at(found))
        if not found.count:
            self.stdout.write(self.style.SUCCESS(_praise(found)))


def _add_deploy(check: ArgumentParser) -> None:
    check.add_argument(
        "--deploy",
        action="store_true",
        help="Instead, name the jobs that the code here would park or fail; exit 1 if any.",
    )
    for option, text in OF_DEPLOY.items():
        check.add_argument(option, action="store_true", help=text)


def _misfit_row(misfit: inspect.Misfit) -> list[object]:
    return [
        misfit.job_class or "?",
        misfit.queue,
        misfit.place,
        misfit.count,
        misfit.first_id,
        misfit.fate,
    ]


def _advice(misfit: inspect.Misfit) -> str:
    """Return why these jobs do not suit the code, and what to do."""
    return f"{misfit.job_class or '?'}: {misfit.reason} {misfit.remedy}"


def _praise(found: inspect.Misfits) -> str:
    """Return what is well, and no more than that."""
    waiting = "jobs that wait or run" if found.dead else "jobs"
    if found.is_whole:
        return f"All {waiting} suit this code."
    return f"All {waiting} that were looked at suit this code."


def _looked_at(found: inspect.Misfits) -> str:
    """Return how many jobs were looked at, and how to look at all."""
    text = f"Looked at {found.looked_at:,} of {counted(found.total, 'job')}"
    text += f" in {counted(found.queues, 'queue')}"
    if found.too_long:
        text += f"; too long to be read: {found.too_long:,}"
    if not found.is_whole and found.looked_at + found.too_long < found.total:
        text += ", spread over every set. See all with: python manage.py jobs check --deploy --all"
        return text
    return f"{text}."
