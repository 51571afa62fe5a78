"""The drill about more work than the workers can do.

It shows what the numbers say while the work piles up and is done.
"""

import random

from jobs import inspect
from orders.jobs import NapJob
from rehearsals.drill import Button, Check, Drill, Run
from rehearsals.evidence import Evidence

NAPS = 300
LONGEST_NAP_SECONDS = 1.0


def _enqueue() -> Run:
    run = Run({"processed": inspect.stats().processed})
    NapJob.enqueue_many([(round(random.uniform(0, LONGEST_NAP_SECONDS), 3),) for _ in range(NAPS)])
    return run


def _prove(run: Run, evidence: Evidence) -> list[Check]:
    if evidence.stats is None:
        return [Check("The queues", "no answer", holds=False)]
    done = evidence.stats.processed - run.facts["processed"]
    waiting = evidence.stats.total("ready")
    late = max((queue.latency_seconds for queue in evidence.stats.queues), default=0.0)
    is_over = done >= NAPS and waiting == 0
    return [
        Check("Jobs that wait", f"{waiting:,}, the oldest for {late:.0f} s", is_over),
        Check("Jobs worked off since", f"{done:,} of {NAPS}", is_over),
    ]


BACKLOG = Drill(
    slug="backlog",
    title="Backlog and its numbers",
    lesson=(
        "The latency of a queue, the age of its oldest job, tells whether the workers keep up; "
        "its length does not."
    ),
    buttons=(Button("start", f"Enqueue {NAPS} naps", _enqueue),),
    prove=_prove,
)
