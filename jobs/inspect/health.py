"""Is anybody working, and is anything late? For a monitor that calls `manage.py jobs check` every minute."""

from jobs.inspect.reader import get_reader
from jobs.inspect.stats import stats
from jobs.store.reader import Reader


def health_problems(min_workers: int, max_latency: float, reader: Reader | None = None) -> list[str]:
    """Return a sentence for each alarm: too few workers that take jobs, and each queue later than so many seconds.

    It costs what `stats` costs.
    """
    now = stats(reader or get_reader())
    taking = [worker for worker in now.workers if not worker.is_quiet]
    problems = []
    if len(taking) < min_workers:
        what = "No worker takes jobs" if not taking else f"Only {len(taking)} of {min_workers} workers take jobs"
        problems.append(f"{what}. Start some with: python manage.py runjobs")
    problems += [
        f"Queue {queue.name} is late: its oldest job has been ready for {queue.latency_seconds:.0f} s"
        + (", and the queue is paused." if queue.is_paused else ".")
        for queue in now.queues
        if queue.latency_seconds > max_latency
    ]
    return problems
