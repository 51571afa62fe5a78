"""Room in the queues of a test, by the rule of the scripts."""

from collections.abc import Callable, Iterator, Mapping

from jobs.bounds import Bounds, bounding
from jobs.client import portions
from jobs.errors import QueueFull
from jobs.store import NewJob

Jobs = list[tuple[str, NewJob]]


def check_room(sizes: Mapping[str, int], more: Mapping[str, int]) -> None:
    """Raise QueueFull where a queue cannot hold so many more jobs."""
    for queue, limit in bounding.bounds().items():
        size, added = sizes.get(queue, 0), more.get(queue, 0)
        if added > 0 and size + added > limit:
            refusal = QueueFull(queue, size, limit, added)
            bounding.refused(refusal)
            raise refusal


def parts(jobs: Jobs, check: Callable[[Jobs], None], *, is_whole: bool) -> Iterator[Jobs]:
    """Yield the jobs in parts of which all go in, or nothing.

    Those that wait for a commit are one part. Each is checked before.
    """
    done = 0
    for part in _parts(jobs, bounding.bounds(), is_whole=is_whole):
        try:
            check(part)
        except QueueFull as refusal:
            refusal.pushed = done
            raise
        yield part
        done += len(part)


def _parts(jobs: Jobs, bounds: Bounds, *, is_whole: bool) -> Iterator[Jobs]:
    if is_whole or not any(queue in bounds for queue, _ in jobs):
        yield jobs
        return
    for portion in portions(jobs, bounds):
        yield [(queue, job) for queue, some in portion.items() for job in some]
