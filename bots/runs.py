"""Starting a run: its row, its turns and its job, in one transaction.

The page's buttons call it.
"""

from django.db import transaction

from bots.bail_out import BailOutJob
from bots.counter_example import OneJobForAllBots
from bots.jobs import BotsJob
from bots.models import Bot, Kind, Run, Turn
from jobs import Job, StoreUnavailable

#: Which job posts in a run of which kind.
JOBS: dict[Kind, type[Job]] = {
    Kind.FAN_OUT: BotsJob,
    Kind.COUNTER_EXAMPLE: OneJobForAllBots,
    Kind.BAIL_OUT: BailOutJob,
}


def start_run(kind: Kind = Kind.FAN_OUT) -> Run:
    """Make a run in which every bot has its turn to come.

    Its job is enqueued with it. Raise `StoreUnavailable` when Redis is away at the commit: the run
    is saved by then. Its turns are given up, since nobody waits for the bots.
    """
    try:
        with transaction.atomic():
            run = Run.objects.create(kind=kind)
            Turn.objects.bulk_create(Turn(run=run, bot=bot) for bot in Bot)
            JOBS[kind].enqueue(str(run.pk))
    except StoreUnavailable:
        # The answer alone may be lost. Then the job runs after all, and its posts say so.
        run.turns.update(gave_up=True)
        raise
    return run
