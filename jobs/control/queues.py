"""Changes a queue: pause, resume, clear."""

from jobs.control.sweeps import PATIENCE, Sweep, delete_all
from jobs.inspect.filter import Filter
from jobs.inspect.reader import get_reader
from jobs.options import check_queue_name


def pause(queue: str) -> None:
    """Let no worker take jobs from this queue any more; what runs goes on. One round trip, O(1). Raise InvalidJob."""
    get_reader().store.pause(check_queue_name(queue))


def resume(queue: str) -> None:
    """Let workers take jobs from this queue again, at once. One round trip, O(1). Raise InvalidJob."""
    get_reader().store.resume(check_queue_name(queue))


def clear(queue: str, *, seconds: float = PATIENCE) -> Sweep:
    """Delete all ready jobs of a queue, for good; those that run, are scheduled or failed stay. See `retry_all`."""
    return delete_all("ready", Filter(queue=check_queue_name(queue)), seconds=seconds)
