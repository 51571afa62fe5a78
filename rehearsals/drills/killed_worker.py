"""The drill about a worker that is killed in the middle of a job.

Its supervisor takes the job back at once.
"""

from functools import partial

from rehearsals.drill import Button, Check, Drill, Run
from rehearsals.evidence import Evidence
from rehearsals.jobs import LongJob, SelfKillingJob
from rehearsals.models import DiaryEntry


def _enqueue(job: type[LongJob]) -> Run:
    run = Run()
    job.enqueue(run.id)
    return run


def _prove(run: Run, evidence: Evidence) -> list[Check]:
    starts = list(DiaryEntry.objects.started(run.id))
    finished = DiaryEntry.objects.finished(run.id).first()
    ended = (
        f"in process {finished.pid}, attempt {finished.attempt}" if finished else _advice(starts)
    )
    pids = [str(entry.pid) for entry in starts]
    return [
        Check("Processes that ran it", " and ".join(pids) or "none yet", len(set(pids)) > 1),
        Check("It came to its end", ended, finished is not None and len(set(pids)) > 1),
    ]


def _advice(starts: list[DiaryEntry]) -> str:
    """Return what to do to a job that waits to be killed."""
    return f"not yet: kill -9 {starts[0].pid}" if len(starts) == 1 else "not yet"


KILLED_WORKER = Drill(
    slug="killed-worker",
    title="Killed worker",
    lesson=(
        "A worker may die at any moment; its jobs are with another one within a second, "
        "and no retry is spent."
    ),
    buttons=(
        Button("start", "Start a long job", partial(_enqueue, LongJob)),
        Button("kill", "Kill a worker now", partial(_enqueue, SelfKillingJob), is_dangerous=True),
    ),
    prove=_prove,
)
