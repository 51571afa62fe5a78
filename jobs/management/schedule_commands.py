"""The sub-commands of `manage.py jobs` that are about schedules."""

from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper

from jobs.errors import InvalidJob, ScheduleRefused
from jobs.features.periodic import people
from jobs.features.periodic.kept import clock_fields, schedule_of
from jobs.features.periodic.people import ScheduleView
from jobs.management.job_commands import Add
from jobs.management.terminal import age, printable, table
from jobs.moment import moment
from jobs.options import LONGEST
from jobs.store.reader import Reader

#: The most digits that a period has. Longer texts are not read as a number.
_MOST_DIGITS = 10
HEADERS = ("Schedule", "When", "Queue", "State", "Next", "Last run", "Last success")


class ScheduleCommands:
    """The part of the command that declares and runs them."""

    stdout: OutputWrapper
    reader: Reader

    def add_schedule_commands(self, add: Add) -> None:
        """Declare the sub-commands by means of `add`."""
        schedules = add("schedules", self.schedules, "List the schedules and how they do.")
        schedules.add_argument(
            "--preview",
            type=int,
            default=0,
            metavar="N",
            help="Also the next N times of each, in its own time zone.",
        )
        for name, run, text in (
            ("pause-schedule", self.pause_schedule, "Skip every tick of these schedules."),
            ("resume-schedule", self.resume_schedule, "Fire these schedules again."),
            ("run-schedule", self.run_schedule, "Run these schedules once, now."),
            ("restore-schedule", self.restore_schedule, "Undo override-schedule."),
            ("forget-schedule", self.forget_schedule, "List these no more: no code has them now."),
        ):
            add(name, run, text).add_argument("names", nargs="+", metavar="SCHEDULE")
        self._add_override(add)

    def _add_override(self, add: Add) -> None:
        override = add(
            "override-schedule",
            self.override_schedule,
            "Let these schedules tick at another time until their code changes.",
        )
        override.add_argument("names", nargs="+", metavar="SCHEDULE")
        when = override.add_mutually_exclusive_group(required=True)
        when.add_argument("--cron", default="", metavar='"30 2 * * *"')
        when.add_argument("--every", type=_period, default=None, metavar="SECONDS")
        override.add_argument(
            "--timezone", default="", metavar="ZONE", help="Of --cron; by default TIME_ZONE."
        )

    def schedules(self, *, preview: int, **options: Any) -> None:
        """Print a line for each schedule, and its next ticks if asked for."""
        found = people.views(self.reader)
        if not found:
            self.stdout.write("There is no schedule. Write one: schedule = Cron(...) on a Job.")
            return
        now = self.reader.now()
        rows = [_row(view, now) for view in found]
        self.stdout.write("\n".join(table(HEADERS, rows)))
        for view in found if preview > 0 else ():
            self.stdout.write("\n" + printable(view.name))
            for tick in view.preview(preview, now):
                mark = "  the clocks change on this day" if tick.is_on_change else ""
                self.stdout.write(f"  {_written(tick.at)}{mark}")
        for view in found:
            if view.trouble:
                self.stdout.write(printable(f"\n{view.name} rests here: {view.trouble}"))

    def pause_schedule(self, *, names: Sequence[str], **options: Any) -> None:
        """Pause schedules."""
        self._do(names, people.pause, "Paused {name}. Its ticks are skipped.")

    def resume_schedule(self, *, names: Sequence[str], **options: Any) -> None:
        """Resume schedules."""
        self._do(names, people.resume, "Resumed {name}.")

    def run_schedule(self, *, names: Sequence[str], **options: Any) -> None:
        """Run schedules once."""
        self._do(names, people.run_now, "Made job {result} of {name}.")

    def override_schedule(
        self,
        *,
        names: Sequence[str],
        cron: str,
        timezone: str,
        every: int | None,
        **options: Any,
    ) -> None:
        """Give schedules of the code another time."""
        if timezone and every is not None:
            raise CommandError("--timezone goes with --cron. A period is the same in all zones.")
        clock = clock_fields(cron, timezone or settings.TIME_ZONE, every)
        try:
            schedule_of(clock)
        except InvalidJob as error:
            raise CommandError(str(error)) from error
        done = "{name} ticks by its new time within some seconds, until its code changes."
        self._do(names, lambda view: people.override(view, clock), done)

    def restore_schedule(self, *, names: Sequence[str], **options: Any) -> None:
        """Let schedules tick by the time of their code again."""
        self._do(names, people.take_back, "{name} ticks by the time of its code again.")

    def forget_schedule(self, *, names: Sequence[str], **options: Any) -> None:
        """Forget schedules that rest."""
        self._do(names, people.forget, "Forgot {name}.")

    def _do(
        self, names: Sequence[str], change: Callable[[ScheduleView], object], done: str
    ) -> None:
        """Change the schedules that can be changed, and fail if one cannot."""
        problems = []
        for name in dict.fromkeys(names):
            try:
                result = change(people.find(name, self.reader))
            except ScheduleRefused as error:
                problems.append(str(error))
            else:
                self.stdout.write(printable(done.format(name=name, result=result)))
        if problems:
            raise CommandError("\n".join(map(printable, problems)))


def _period(text: str) -> int:
    """Read the seconds of a period. Raise ArgumentTypeError."""
    if text.isdecimal() and len(text) <= _MOST_DIGITS and 1 <= int(text) <= LONGEST.total_seconds():
        return int(text)
    raise ArgumentTypeError(
        f"write whole seconds, from 1 to those of 100 years, such as 3600, not {text!r}"
    )


def _row(view: ScheduleView, now: float) -> list[object]:
    ticks = view.preview(1, now) if view.state == "on" else []
    record = view.record
    last = record.runs[0] if record and record.runs else None
    done = record.done if record else None
    return [
        view.name,
        f"{view.clock} (overridden)" if view.by_code else view.clock or "?",
        view.queue,
        view.state,
        _written(ticks[0].at) if ticks else "–",
        f"{last.word}, {age(moment(last.at / 1000))} ago" if last else "–",
        f"{age(moment(done / 1000))} ago" if done else "–",
    ]


def _written(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d %H:%M:%S %Z}"
