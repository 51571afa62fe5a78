"""What the bots' tests have in place of the real things.

A worker, and a look at the network.
"""

from collections import Counter

from bots import social
from bots.models import Run
from bots.social import SocialError
from jobs.payload import Payload
from jobs.registry import registry
from jobs.testing import clear, enqueued_jobs


def work(jobs: list[Payload] | None = None) -> list[Payload]:
    """Run jobs, and the jobs that they enqueue.

    Without arguments, run those that were collected. Returns the jobs that failed.
    """
    failed: list[Payload] = []
    waiting = enqueued_jobs() if jobs is None else jobs
    while waiting:
        clear()
        failed += [job for job in waiting if not _succeeds(job)]
        waiting = enqueued_jobs()
    return failed


def posts_of(run: Run) -> Counter[str]:
    """Return how often each author has posted in a run.

    The social service says so.
    """
    return Counter(
        p["author"] for p in social.newest_posts(5.0) if p["metadata"]["run_id"] == str(run.pk)
    )


def _succeeds(job: Payload) -> bool:
    try:
        registry.find(job.job_class).perform_now(*job.args, **job.kwargs)
    except SocialError:
        return False
    return True
