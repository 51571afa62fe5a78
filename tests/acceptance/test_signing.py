"""Workers that require signatures, and are killed with jobs in their hands."""

import os
import signal

import pytest

from jobs.payload import decode_for
from tests.acceptance import settings as of_workers
from tests.acceptance.runner import push
from tests.jobs.worker.made_jobs import client_of, place_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]


@pytest.fixture(autouse=True)
def signed(settings) -> None:
    """Sign here as the workers do."""
    settings.SECRET_KEY = of_workers.SECRET_KEY
    settings.JOBS = {**settings.JOBS, "SIGN": "require"}


def running_of(store) -> int:
    return client_of(store).hlen(store.keys("default").running)


@pytest.mark.slow
def test_killed_workers_lose_no_signed_job_and_nothing_forged_runs(start, store, assert_sound):
    key = store.keys("default").payloads
    forged = push(store, "NoteJob", [[6000]])[0]
    raw = client_of(store).hget(key, forged).replace(b"[6000]", b"[7000]")
    client_of(store).hset(key, forged, raw)
    push(store, "NoteJob", [[number, 0.02] for number in range(1000)])
    runner = start("-c", "10", TEST_SIGN="require", TEST_MAX_CRASHES="9")

    for kill in range(1, 4):
        before = len(runner.notes)
        wait_until(lambda before=before: len(runner.notes) >= before + 100, timeout=40)
        os.kill(runner.child(), signal.SIGKILL)
        runner.wait_for("worker.started", kill + 1)
    wait_until(lambda: {int(note) for note in runner.notes} >= set(range(1000)), timeout=60)
    wait_until(lambda: running_of(store) == 0, timeout=40)

    assert {int(note) for note in runner.notes} == set(range(1000))
    assert place_of(store, forged) == "dead"
    assert client_of(store).hgetall(key) == {forged.encode(): raw}
    assert_sound()
    assert runner.stop() == 0


def test_job_that_took_its_process_along_three_times_is_in_quarantine_and_signed(
    start, store, assert_sound
):
    (job_id,) = push(store, "FatalJob", [[]])
    runner = start("-c", "1", TEST_SIGN="require")

    wait_until(lambda: place_of(store, job_id) == "dead", timeout=60)

    raw = client_of(store).hget(store.keys("default").payloads, job_id)
    assert decode_for(raw, job_id, "default").crashes == 3
    assert_sound()
    assert runner.stop() == 0
