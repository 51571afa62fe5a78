"""The drill about a slow service, whose jobs fill every thread.

An urgent job passes those that wait.
"""

from jobs import inspect
from orders.services.email import EmailClient
from rehearsals.drill import Button, Check, Drill, Run, tally
from rehearsals.evidence import Evidence
from rehearsals.jobs import SlowServiceJob, UrgentJob
from rehearsals.models import DiaryEntry
from rehearsals.switches import behave, misbehave

#: How long the service takes for each of them.
SLEEP_SECONDS = 2
#: Slow jobs for each thread, and the limits of their number: enough that most must wait, and that
#: all are done within half a minute.
JOBS_PER_THREAD, FEWEST, MOST = 4, 20, 200


def _enqueue() -> Run:
    threads = sum(worker.concurrency for worker in inspect.stats().workers)
    run = Run({"slow": min(max(FEWEST, JOBS_PER_THREAD * threads), MOST)})
    misbehave(
        EmailClient(),
        sleep_seconds=SLEEP_SECONDS,
        what="everything",
        remaining_requests=run.facts["slow"],
    )
    SlowServiceJob.enqueue_many([(run.id,)] * run.facts["slow"])
    UrgentJob.enqueue(run.id)
    return run


def _prove(run: Run, evidence: Evidence) -> list[Check]:
    slow, urgent = run.facts["slow"], UrgentJob.__name__
    started = list(DiaryEntry.objects.started(run.id).values_list("job", flat=True))
    place = started.index(urgent) + 1 if urgent in started else None
    finished = DiaryEntry.objects.finished(run.id).filter(job=SlowServiceJob.__name__).count()
    return [
        Check(
            "The urgent job",
            f"enqueued as number {slow + 1}, started as number {place}"
            if place
            else "not started yet",
            place is not None and place <= slow,
        ),
        tally("Slow jobs that are done", finished, slow),
    ]


SLOW_SERVICE = Drill(
    slug="slow-service",
    title="Slow service and priority queue",
    lesson=(
        "A slow service holds up its own jobs; "
        "a queue before the others keeps it from holding up all."
    ),
    buttons=(Button("start", "Enqueue slow jobs, then an urgent one", _enqueue),),
    prove=_prove,
    put_back=lambda: behave(EmailClient()),
)
