"""The drills about failing jobs, and the killed worker.

What is enqueued, how the jobs fail, and what proves it.
"""

import os
import signal

import pytest

from jobs import Discard
from jobs.testing import assert_enqueued, drain, enqueued_jobs
from orders.services.error_catcher import ErrorCatcherClient
from rehearsals.jobs import (
    DeadLineJob,
    LongJob,
    NoRetryWillMendIt,
    PermanentFailureJob,
    SelfKillingJob,
    TransientFailureJob,
)
from rehearsals.models import DiaryEntry, Event
from tests.rehearsals.pressing import card_of, press, proof_of

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"])
with_services = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)

FAILING = {
    "permanent-failure": PermanentFailureJob,
    "transient-failure": TransientFailureJob,
    "dead-set": DeadLineJob,
}


@pytest.mark.parametrize(("drill", "job"), FAILING.items())
def test_set_up_enqueues_the_job_of_the_drill(client, drill, job):
    press(client, drill)

    assert_enqueued(job, args=[card_of(client, drill)["run"].id], count=1)


@pytest.mark.parametrize("job", FAILING.values())
def test_failing_job_is_back_within_seconds(job):
    assert job().retry_in(1, ValueError()) == 2.0


@pytest.mark.parametrize("job", [PermanentFailureJob, DeadLineJob])
def test_job_that_never_heals_is_tried_three_times(job):
    assert job.options.max_retries == 2


def test_permanent_failure_is_not_taken_for_a_transient_one():
    with pytest.raises(NoRetryWillMendIt):
        PermanentFailureJob.perform_now("run")


@pytest.mark.parametrize("drill", FAILING)
def test_nothing_is_proved_before_a_worker_has_run_the_job(client, drill):
    press(client, drill)

    card = card_of(client, drill)

    assert card["checks"]
    assert not card["is_proved"]


@pytest.mark.parametrize("drill", FAILING)
def test_error_catcher_that_is_away_leaves_the_page_as_it_is(client, drill):
    press(client, drill)

    assert "no answer" in [check.found for check in proof_of(client, drill)]


@with_services
def test_proof_counts_what_the_error_catcher_was_told_of_this_run(client, services):
    press(client, "permanent-failure")
    run = card_of(client, "permanent-failure")["run"]
    catcher = ErrorCatcherClient()
    for _ in range(3):
        DiaryEntry.objects.create(
            run=run.id, job="PermanentFailureJob", attempt=1, pid=1, event=Event.STARTED
        )
        catcher.notify(NoRetryWillMendIt(f"Rehearsal {run.id}: no retry will mend this."))
    catcher.notify(
        f"PermanentFailureJob won't be retried: Rehearsal {run.id}: no retry will mend this."
    )
    catcher.notify("Rehearsal of somebody else")

    proof = proof_of(client, "permanent-failure")

    assert [check.found for check in proof[:3]] == ["3 of 3", "3 of 3", "1 of 1"]
    assert [check.holds for check in proof] == [True, True, True, False]


@pytest.mark.parametrize(("button", "job"), [("start", LongJob), ("kill", SelfKillingJob)])
def test_killed_worker_is_set_up_in_two_ways(client, button, job):
    press(client, "killed-worker", button)

    assert len(enqueued_jobs(job)) == len(enqueued_jobs()) == 1


def test_dangerous_job_kills_its_own_process_and_then_runs_to_its_end(client, monkeypatch):
    killed = []
    monkeypatch.setattr("rehearsals.jobs.os.kill", lambda *what: killed.append(what))
    press(client, "killed-worker", "kill")
    run = card_of(client, "killed-worker")["run"]
    DiaryEntry.objects.filter(run=run.id).delete()

    SelfKillingJob.perform_now(run.id)
    DiaryEntry.objects.filter(
        event=Event.FINISHED
    ).delete()  # nobody survives a real kill to write this
    DiaryEntry.objects.update(pid=1)
    drain()

    assert killed == [(os.getpid(), signal.SIGKILL)]
    assert card_of(client, "killed-worker")["is_proved"]


def test_nobody_is_killed_outside_development(settings, monkeypatch):
    settings.DEBUG = False
    monkeypatch.setattr("rehearsals.jobs.os.kill", lambda *what: pytest.fail("killed"))

    with pytest.raises(Discard):
        SelfKillingJob.perform_now("run")


def test_page_says_which_process_to_kill(client):
    press(client, "killed-worker")
    run = card_of(client, "killed-worker")["run"]
    DiaryEntry.objects.create(run=run.id, job="LongJob", attempt=1, pid=4711, event=Event.STARTED)

    assert proof_of(client, "killed-worker")[1].found == "not yet: kill -9 4711"


def test_long_job_that_nobody_kills_ends_and_proves_nothing(client, monkeypatch):
    monkeypatch.setattr("rehearsals.jobs.PATIENCE_SECONDS", 0.0)
    press(client, "killed-worker")

    drain()

    assert not card_of(client, "killed-worker")["is_proved"]
