"""The drills about queues.

Slow jobs with an urgent one behind them, and a backlog.
"""

import pytest

from fake_services.models import Behavior
from jobs.testing import drain, enqueued_jobs
from orders.jobs import NapJob
from rehearsals.jobs import SlowServiceJob, UrgentJob
from tests.rehearsals.pressing import card_of, enqueued, press, proof_of, put_back

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


def test_slow_jobs_are_enqueued_first_and_the_urgent_one_last_before_them_in_priority(
    client, services
):
    press(client, "slow-service")

    assert enqueued() == ["rehearsals.SlowServiceJob"] * 20 + ["rehearsals.UrgentJob"]
    assert {job.queue for job in enqueued_jobs(SlowServiceJob)} == {"default"}
    assert [job.queue for job in enqueued_jobs(UrgentJob)] == ["high"]
    behavior = Behavior.objects.get()
    assert (behavior.service, behavior.sleep_seconds, behavior.remaining_requests) == (
        "email",
        2,
        20,
    )


def test_urgent_job_that_starts_before_the_last_slow_one_proves_it(client, services):
    press(client, "slow-service")
    Behavior.objects.update(sleep_seconds=0)
    drain(UrgentJob)
    assert not card_of(client, "slow-service")["is_proved"]

    drain()

    assert card_of(client, "slow-service")["is_proved"]
    assert proof_of(client, "slow-service")[0].found == "enqueued as number 21, started as number 1"


def test_urgent_job_that_comes_last_proves_nothing(client, services):
    press(client, "slow-service")
    Behavior.objects.update(sleep_seconds=0)

    drain()

    assert (
        proof_of(client, "slow-service")[0].found == "enqueued as number 21, started as number 21"
    )
    assert not card_of(client, "slow-service")["is_proved"]


def test_service_is_quick_again_when_the_drill_is_put_back(client, services):
    press(client, "slow-service")

    put_back(client, "slow-service")

    assert Behavior.objects.get().sleep_seconds == 0


def test_backlog_is_made_of_short_naps(client):
    press(client, "backlog")

    naps = enqueued_jobs(NapJob)
    assert len(naps) == 300
    assert all(0 <= nap.args[0] <= 1 for nap in naps)


@pytest.mark.jobs("real")
def test_backlog_is_counted_while_it_waits(client):
    press(client, "backlog")

    proof = proof_of(client, "backlog")

    assert proof[0].found.startswith("300, the oldest for ")
    assert proof[1].found == "0 of 300"
    assert not card_of(client, "backlog")["is_proved"]


def test_numbers_that_are_away_do_not_break_the_proof(client, settings):
    press(client, "backlog")
    settings.JOBS = {**settings.JOBS, "REDIS_URL": "redis://127.0.0.1:9/0"}

    assert [check.found for check in proof_of(client, "backlog")] == ["no answer"]
