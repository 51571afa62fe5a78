"""The write side for people: what the admin pages and the `jobs` command do to jobs, queues and workers.

    from jobs import control, inspect

    control.retry(inspect.job_set("dead", inspect.Filter(job_class="orders.CompleteOrderJob")).jobs)
    control.pause("low")

Every function says what it did, may be called again, and raises StoreUnavailable when Redis is away. Nobody's
permission is asked here: that is for the pages to do.
"""

from jobs.control.deploys import mark_deploy
from jobs.control.jobs import delete, kill, reschedule, retry, run_again
from jobs.control.queues import clear, pause, resume
from jobs.control.sweeps import Sweep, delete_all, kill_all, reschedule_all, retry_all
from jobs.control.workers import cancel, quiet, stop

__all__ = [
    "Sweep",
    "cancel",
    "clear",
    "delete",
    "delete_all",
    "kill",
    "kill_all",
    "mark_deploy",
    "pause",
    "quiet",
    "reschedule",
    "reschedule_all",
    "resume",
    "retry",
    "retry_all",
    "run_again",
    "stop",
]
