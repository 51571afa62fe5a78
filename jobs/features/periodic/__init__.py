"""Periodic jobs: `schedule = Cron("30 2 * * *")` on a job class.

Every supervisor fires them, and there is no leader. The feature uses these doors: an option, a
chore of the supervisor, listeners, and a desk of the store (`jobs.store.schedules`). It opens the
last two when the first class with a schedule is written, so that nobody else pays for them.
"""

from typing import Any

from jobs.chore import FeatureChore, Place, bring
from jobs.claims import claimed_by
from jobs.errors import InvalidJob
from jobs.features.periodic.clockwork import LOOK_EVERY, Clockwork
from jobs.features.periodic.endings import listen
from jobs.features.periodic.entries import check
from jobs.features.periodic.entries import is_schedule as _is_schedule
from jobs.features.periodic.times import Cron, Every
from jobs.options import JobOptions, Option, declare_option

__all__ = ["Cron", "Every"]

CHORE = FeatureChore(Place.SUPERVISOR, "periodic", every=LOOK_EVERY, do=Clockwork().look)


def _fit(job_class: type[Any], value: Any, options: JobOptions) -> None:
    """Check the schedules of a class, and let them tick."""
    check(job_class, value)
    if rival := claimed_by(options):
        raise InvalidJob(
            f"{job_class.__qualname__}: options 'schedule' and {rival!r} do not go together, since "
            "the jobs of a schedule take no key. Its overlap='skip' keeps its runs apart."
        )
    bring(CHORE)
    listen()


declare_option("schedule", Option(_is_schedule, "Cron(...), Every(...), or a list of them", _fit))
