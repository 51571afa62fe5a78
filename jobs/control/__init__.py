"""The write side for people: changes to jobs, queues and workers.

The admin pages and the `jobs` command change nothing by other means.

    from jobs import control, inspect

    control.retry(inspect.job_set("dead", inspect.Filter(job_class="orders.CompleteOrderJob")).jobs)
    control.pause("low")

Every function says what it did and may be called again. It raises StoreUnavailable when Redis is
away, and StoreCorrupt when a key is not what it should be. No permission is checked here: that is
for the pages to do.
"""

from jobs.control.alarms import Unheard, tell_all, tell_of
from jobs.control.deploys import mark_deploy
from jobs.control.jobs import check_copy, delete, kill, reschedule, retry, run_again
from jobs.control.mutes import mute, unmute
from jobs.control.queues import clear, limit, pause, resume
from jobs.control.resigning import Resigning, resign
from jobs.control.sweeps import Sweep, delete_all, kill_all, reschedule_all, retry_all
from jobs.control.workers import cancel, quiet, stop, unquiet

__all__ = [
    "Resigning",
    "Sweep",
    "Unheard",
    "cancel",
    "check_copy",
    "clear",
    "delete",
    "delete_all",
    "kill",
    "kill_all",
    "limit",
    "mark_deploy",
    "mute",
    "pause",
    "quiet",
    "reschedule",
    "reschedule_all",
    "resign",
    "resume",
    "retry",
    "retry_all",
    "run_again",
    "stop",
    "tell_all",
    "tell_of",
    "unmute",
    "unquiet",
]
