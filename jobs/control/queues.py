"""Changes a queue: pause, resume, limit, clear."""

from jobs.control.sweeps import PATIENCE, Sweep, delete_all
from jobs.inspect.filter import Filter
from jobs.inspect.reader import get_reader
from jobs.options import check_queue_name
from jobs.store.questions import refusals_explained
from jobs.text import brief

#: No more workers exist than that.
MOST_LIMIT = 1_000_000


def pause(queue: str) -> None:
    """Let no worker take jobs from this queue any more.

    Jobs that run go on. The queue is listed from then on, so that people see the pause. It costs
    two round trips, O(1). Raise InvalidJob for a bad name.
    """
    store = get_reader().store
    with refusals_explained():
        store.sets.pause(check_queue_name(queue))
        store.intake.announce_queues([queue])


def resume(queue: str) -> None:
    """Let workers take jobs from this queue again, at once.

    It costs one round trip, O(1). Raise InvalidJob for a bad name.
    """
    with refusals_explained():
        get_reader().store.sets.resume(check_queue_name(queue))


def limit(queue: str, most: int | None) -> None:
    """Let at most so many jobs of a queue run at a time.

    It holds for all workers together. With 1 the queue is serial. None lets any number run again.
    What runs goes on. The queue is listed from then on. It costs two round trips, O(1). Raise
    InvalidJob for a bad name, and ValueError for a number below 1. How many jobs a queue may hold
    is another thing: QUEUE_LIMITS.
    """
    if most is not None and not (type(most) is int and 1 <= most <= MOST_LIMIT):
        raise ValueError(
            f"A limit must be a whole number from 1 to {MOST_LIMIT:,}, not {brief(most)}. "
            f"To let nothing run, pause the queue: manage.py jobs pause {queue}"
        )
    store = get_reader().store
    with refusals_explained():
        store.sets.limit(check_queue_name(queue), most)
        store.intake.announce_queues([queue])


def clear(queue: str, *, seconds: float = PATIENCE) -> Sweep:
    """Delete all ready jobs of a queue, for good.

    Jobs that run, are scheduled or failed stay. For the cost see `retry_all`.
    """
    return delete_all("ready", Filter(queue=check_queue_name(queue)), seconds=seconds)
