"""Periodic jobs: schedules on job classes, and those that people make.

Every supervisor fires them, and there is no leader. The feature uses these doors: two options,
system checks, chores, listeners, and desks of the store (`jobs.store.schedules`,
`jobs.store.kept_schedules`). It opens the last three when the first class with a schedule is
written, or the first that is `schedulable`, so that nobody else pays for them.
"""

from typing import Any

from django.core.checks import Tags, register

from jobs.chore import FeatureChore, Place, bring
from jobs.claims import claimed_by
from jobs.errors import InvalidJob
from jobs.features.periodic import mirror
from jobs.features.periodic.checks import check_entries, check_schedules
from jobs.features.periodic.clockwork import LOOK_EVERY, Clockwork
from jobs.features.periodic.endings import listen
from jobs.features.periodic.entries import check
from jobs.features.periodic.entries import is_schedule as _is_schedule
from jobs.features.periodic.times import Cron, Every
from jobs.options import JobOptions, Option, declare_option

__all__ = ["Cron", "Every"]

CHORE = FeatureChore(Place.SUPERVISOR, "periodic", every=LOOK_EVERY, do=Clockwork().look)
# Its time is as long as a turn: the table is read within it, and a database may be slow.
MIRROR = FeatureChore(
    Place.WORKER,
    "mirror of schedules",
    every=mirror.MIRROR_EVERY,
    do=mirror.mirror_in_turn,
    longest=mirror.TURN,
)


def _fit(job_class: type[Any], value: Any, options: JobOptions) -> None:
    """Check the schedules of a class, and let them tick."""
    check(job_class, value)
    _refuse_rival("schedule", job_class, options)
    bring(CHORE)
    listen()


def _fit_schedulable(job_class: type[Any], value: Any, options: JobOptions) -> None:
    """Let people schedule a class."""
    if not value:
        return
    _refuse_rival("schedulable", job_class, options)
    bring(CHORE, MIRROR)
    listen()


def _refuse_rival(name: str, job_class: type[Any], options: JobOptions) -> None:
    if rival := claimed_by(options):
        raise InvalidJob(
            f"{job_class.__qualname__}: options {name!r} and {rival!r} do not go together, since "
            "the jobs of a schedule take no key. Its overlap='skip' keeps its runs apart."
        )


declare_option("schedule", Option(_is_schedule, "Cron(...), Every(...), or a list of them", _fit))
declare_option(
    "schedulable", Option(lambda value: isinstance(value, bool), "True or False", _fit_schedulable)
)
register(check_schedules, "jobs")
register(check_entries, Tags.database)
mirror.listen()
