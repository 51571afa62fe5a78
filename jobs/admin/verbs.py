"""What can be done to jobs that wait: one value for each verb.

The pages make buttons of them, and the actions carry them out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from jobs import control
from jobs.admin import access
from jobs.control import Sweep
from jobs.control.jobs import DELETABLE, KILLABLE, RESCHEDULABLE, RETRYABLE
from jobs.inspect import Filter, JobRecord
from jobs.store.reader import Reader, SetName
from jobs.templatetags.jobs_format import number

At = datetime | None


@dataclass(frozen=True, slots=True)
class Verb:
    """A change that people can make to jobs in some sets.

    It knows who may make it, and how to make it for some jobs and for all that match a filter.
    `meaning` says in a sentence what becomes of the jobs. `destroys` asks for a confirmation.
    `needs_time` asks for the time of a reschedule.
    """

    name: str
    label: str | Promise
    label_all: str | Promise
    meaning: str | Promise
    permission: str
    sets: frozenset[SetName]
    change: Callable[[Iterable[JobRecord], At, list[str]], int]
    sweep: Callable[[SetName, Filter, At, Reader], Sweep]
    told: Callable[[int], str]
    destroys: bool = False
    needs_time: bool = False

    def sentence(self, count: int) -> str:
        """Return what was done, with the number."""
        return self.told(count) % {"count": number(count)}


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "retry",
            _("Retry now"),
            _("Retry all"),
            _("Retried jobs are ready at once, and run as soon as a worker has time."),
            access.RETRY,
            RETRYABLE,
            lambda jobs, at, barred: control.retry(jobs, barred),
            lambda name, jobs, at, reader: control.retry_all(name, jobs, reader=reader),
            lambda n: ngettext(
                "%(count)s job is ready to run.", "%(count)s jobs are ready to run.", n
            ),
        ),
        Verb(
            "reschedule",
            _("Reschedule"),
            _("Reschedule all"),
            _("Rescheduled jobs wait until the time that you enter."),
            access.RESCHEDULE,
            RESCHEDULABLE,
            lambda jobs, at, barred: control.reschedule(jobs, at) if at else 0,
            lambda name, jobs, at, reader: (
                control.reschedule_all(name, jobs, at, reader=reader)
                if at
                else Sweep(0, 0, is_finished=True)
            ),
            lambda n: ngettext(
                "%(count)s job was rescheduled.", "%(count)s jobs were rescheduled.", n
            ),
            needs_time=True,
        ),
        Verb(
            "kill",
            _("Kill"),
            _("Kill all"),
            _("Killed jobs do not run. They stay in the dead set, where they can be retried."),
            access.KILL,
            KILLABLE,
            lambda jobs, at, barred: control.kill(jobs),
            lambda name, jobs, at, reader: control.kill_all(name, jobs, reader=reader),
            lambda n: ngettext("%(count)s job was killed.", "%(count)s jobs were killed.", n),
            destroys=True,
        ),
        Verb(
            "delete",
            _("Delete"),
            _("Delete all"),
            _("Deleted jobs are gone for good, with their arguments and errors."),
            access.DELETE,
            DELETABLE,
            lambda jobs, at, barred: control.delete(jobs),
            lambda name, jobs, at, reader: control.delete_all(name, jobs, reader=reader),
            lambda n: ngettext("%(count)s job was deleted.", "%(count)s jobs were deleted.", n),
            destroys=True,
        ),
    )
}


def told_of_barred(count: int) -> str:
    """Return a sentence about dead jobs that could not be retried."""
    text = ngettext(
        "%(count)s dead job stays where it is: another job holds its unique key.",
        "%(count)s dead jobs stay where they are: other jobs hold their unique keys.",
        count,
    )
    return text % {"count": number(count)}


def verbs_for(place: str, can: access.Can) -> list[Verb]:
    """Return what a user may do to jobs in a set."""
    return [verb for verb in VERBS.values() if place in verb.sets and can.do(verb.permission)]
