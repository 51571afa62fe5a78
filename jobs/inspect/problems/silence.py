"""Rule: a worker is silent, or its loop that fetches jobs stands still.

A worker sends a heartbeat every few seconds. One that was not seen for CHECK_SILENCE, and whose
jobs nobody has taken back, is silent: its machine is gone, it is cut off, or a job holds its
interpreter. One that left in good order, or whose jobs other workers took back, is not. The others
get as much time for that, since whoever has just been started must watch for a while.

A loop that stands still for as long while threads wait for work is stuck. Both must last for six
heartbeats at least.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from jobs.inspect.problems.facts import Facts
from jobs.inspect.workers import Worker
from jobs.moment import moment
from jobs.problem import Problem


def judge_silence(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each worker that is silent or stuck.

    Where no worker is left, the rule about workers says it.
    """
    had_time = any(worker.takes_jobs and _had_time(worker, facts) for worker in facts.live)
    if had_time or not facts.limits.min_workers:
        for name, at in facts.silent.items():
            yield _silent(name, at)
    for worker in facts.live:
        stands = worker.stands_since
        if stands and (worker.beat_at - stands).total_seconds() > facts.limits.silence:
            reason = _("Worker %(worker)s fetches no jobs, although it has free threads.")
            remedy = _(
                "Its supervisor should replace it within a minute. If it does not, stop the worker."
            )
            yield Problem(
                worker.name,
                reason % {"worker": worker.name},
                remedy,
                "worker_stuck",
                stands,
                "workers/",
            )


def _had_time(worker: Worker, facts: Facts) -> bool:
    """Whether a worker has had time to take back the jobs of others."""
    if worker.started_at is None:
        return True
    return facts.now - worker.started_at.timestamp() > facts.limits.silence


def _silent(name: str, at: float) -> Problem:
    reason = _(
        "Worker %(worker)s sends no heartbeats any more, and nobody has taken back its jobs."
    )
    remedy = _(
        "Check that its machine is up, and that no job blocks its whole process. "
        "If the machine is gone, start a worker elsewhere: it takes back the jobs."
    )
    return Problem(name, reason % {"worker": name}, remedy, "worker_silent", moment(at), "workers/")
