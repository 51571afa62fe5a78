"""The outbox: jobs are rows until they are in Redis.

`JOBS["OUTBOX"] = True`, or `outbox = True` on a job class. The feature uses these doors: an option,
the outbox of `jobs.outbox`, chores, system checks, and a desk of the store (`jobs.store.marks`). It
brings its chores when the setting or a class asks for it, so that nobody else pays for them.
"""

from typing import Any

from django.core.checks import Tags, register

from jobs.chore import FeatureChore, Place, bring
from jobs.conf import get_settings
from jobs.features.outbox.checks import check_outbox, check_rows
from jobs.features.outbox.marks import TIDY_EVERY, tidy
from jobs.features.outbox.rows import write
from jobs.features.outbox.sweeping import LONGEST, SWEEP_EVERY, sweep
from jobs.options import JobOptions, Option, declare_option
from jobs.outbox import OPTION, outbox

SWEEP = FeatureChore(Place.WORKER, "outbox", every=SWEEP_EVERY, do=sweep, longest=LONGEST)
TIDY = FeatureChore(Place.WORKER, "marks of the outbox", every=TIDY_EVERY, do=tidy, longest=LONGEST)


def prepare() -> None:
    """Bring the chores where the setting asks for them."""
    if get_settings().outbox:
        bring(SWEEP, TIDY)


def _fit(job_class: type[Any], value: Any, options: JobOptions) -> None:
    """Bring the chores where a class asks for them."""
    if value:
        outbox.has_classes = True
        bring(SWEEP, TIDY)


outbox.write = write
declare_option(OPTION, Option(lambda value: isinstance(value, bool), "True or False", _fit))
register(check_outbox, "jobs")
register(check_rows, Tags.database)
