"""Three drills about jobs that fail.

One stays broken, one heals, and one should have healed. They are about the error catcher: it is
told of what a person must mend, and of nothing else.
"""

from collections.abc import Callable
from functools import partial

from jobs import inspect
from orders.services.error_catcher import ErrorCatcherClient
from rehearsals.drill import Button, Check, Drill, Run, tally
from rehearsals.evidence import Evidence
from rehearsals.jobs import (
    FAILURES_BEFORE_HEALING,
    RETRIES,
    DeadLineJob,
    PermanentFailureJob,
    TransientFailureJob,
)
from rehearsals.models import DiaryEntry

Failing = type[PermanentFailureJob] | type[TransientFailureJob] | type[DeadLineJob]
#: How the death handler begins what it has to say.
DEATH = "won't be retried"


def _enqueue(job: Failing) -> Run:
    run = Run({"dead": inspect.stats().total("dead")})
    job.enqueue(run.id)
    return run


def _button(job: Failing) -> tuple[Button, ...]:
    act: Callable[[], Run] = partial(_enqueue, job)
    return (Button("start", f"Enqueue a {job.__name__}", act),)


def _prove_permanent(run: Run, evidence: Evidence) -> list[Check]:
    told, deaths = _reports(run, evidence)
    failures = None if told is None or deaths is None else told - deaths
    return [
        tally("Attempts, each of them a failure", _attempts(run), RETRIES + 1),
        tally("Failures that the error catcher was told of", failures, RETRIES + 1),
        tally("Deaths that it was told of", deaths, 1),
        _death_check(run, evidence),
    ]


def _prove_transient(run: Run, evidence: Evidence) -> list[Check]:
    told, _ = _reports(run, evidence)
    has_healed = DiaryEntry.objects.finished(run.id).exists()
    silence = "no answer" if told is None else "nothing" if told == 0 else f"{told} reports"
    return [
        tally(
            "Attempts: three failures, then a success", _attempts(run), FAILURES_BEFORE_HEALING + 1
        ),
        Check("The job ended well, by itself", "yes" if has_healed else "not yet", has_healed),
        Check("What the error catcher was told", silence, has_healed and told == 0),
    ]


def _prove_death(run: Run, evidence: Evidence) -> list[Check]:
    told, deaths = _reports(run, evidence)
    return [
        tally("Attempts, each of them a failure", _attempts(run), RETRIES + 1),
        tally("Reports in all: none while it was tried, one at the end", told, 1),
        tally("Of them by the death handler", deaths, 1),
        _death_check(run, evidence),
    ]


def _attempts(run: Run) -> int:
    return DiaryEntry.objects.started(run.id).count()


def _reports(run: Run, evidence: Evidence) -> tuple[int | None, int | None]:
    """Return how often the error catcher was told of a run.

    The second number is how often it was told of the run's death.
    """
    client = ErrorCatcherClient()
    return evidence.rows_with(client, f"Rehearsal {run.id}"), evidence.rows_with(
        client, DEATH, f"Rehearsal {run.id}"
    )


def _death_check(run: Run, evidence: Evidence) -> Check:
    before, now = run.facts["dead"], evidence.total("dead")
    return Check(
        "Jobs in the dead set", f"{before} before, {now} now", now is not None and now > before
    )


PERMANENT_FAILURE = Drill(
    slug="permanent-failure",
    title="Permanent failure",
    lesson=(
        "A job that cannot succeed is tried a limited number of times, "
        "and a person hears of every failure."
    ),
    buttons=_button(PermanentFailureJob),
    prove=_prove_permanent,
)
TRANSIENT_FAILURE = Drill(
    slug="transient-failure",
    title="Transient failure",
    lesson="What heals by itself is retried until it does, and nobody is woken for it.",
    buttons=_button(TransientFailureJob),
    prove=_prove_transient,
)
DEAD_SET = Drill(
    slug="dead-set",
    title="Dead set and death handler",
    lesson=(
        "When even patience does not help, the job is kept in the dead set "
        "and a person hears of it, once."
    ),
    buttons=_button(DeadLineJob),
    prove=_prove_death,
)
