"""Starting a run: its row, its turns and its job, in one transaction. The page's buttons call it."""

from django.db import transaction

from bots.counter_example import OneJobForAllBots
from bots.jobs import BotsJob
from bots.models import Bot, Run, Turn


def start_run(*, is_counter_example: bool = False) -> Run:
    """Make a run in which every bot still has its turn to come, and enqueue what lets them post.

    Raise `StoreUnavailable` when Redis is away at the commit: the run is saved then, and nothing has started it.
    """
    job = OneJobForAllBots if is_counter_example else BotsJob
    with transaction.atomic():
        run = Run.objects.create(is_counter_example=is_counter_example)
        Turn.objects.bulk_create(Turn(run=run, bot=bot) for bot in Bot)
        job.enqueue(str(run.pk))
    return run
