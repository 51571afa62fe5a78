"""Rule: a worker is silent, or its loop that fetches jobs stands still.

A worker sends a heartbeat every few seconds. One that was not seen for CHECK_SILENCE, and whose
jobs nobody has taken back, is silent: its machine is gone, it is cut off, or a job holds its
interpreter. One that left in good order, or whose jobs other workers took back, is not. A loop
that stands still for as long while threads wait for work is stuck. Both must last for six
heartbeats at least.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from jobs.inspect.problems.facts import Facts
from jobs.moment import moment
from jobs.problem import Problem


def judge_silence(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each worker that is silent or stuck.

    Where no worker is left, the rule about workers says it.
    """
    has_workers = any(worker.takes_jobs for worker in facts.live)
    if has_workers or not facts.limits.min_workers:
        for name, at in facts.silent.items():
            yield _silent(name, at)
    for worker in facts.live:
        stands = worker.stands_since
        if stands and (worker.beat_at - stands).total_seconds() > facts.limits.silence:
            reason = _("Worker %(worker)s fetches no jobs, although threads wait for some.")
            remedy = _("Its supervisor should replace it within a minute. If not, stop it.")
            yield Problem(
                worker.name,
                reason % {"worker": worker.name},
                remedy,
                "worker_stuck",
                stands,
                "workers/",
            )


def _silent(name: str, at: float) -> Problem:
    reason = _("Worker %(worker)s has gone silent, and nobody has taken back its jobs.")
    remedy = _(
        "See whether its machine lives, and whether a job holds its interpreter. "
        "Another supervisor of its queues takes back the jobs of a machine that is gone."
    )
    return Problem(name, reason % {"worker": name}, remedy, "worker_silent", moment(at), "workers/")
