"""Taking back the jobs of workers that are gone."""

import threading

import pytest

from jobs.worker.recovery import Recovery, WorkerEnd
from tests.jobs.worker.made_jobs import broken_jobs, client_of, payload_of, place_of, push, push_raw, score_of, stat
from tests.waiting import wait_until


@pytest.fixture
def recovery(store, worker_settings) -> Recovery:
    return Recovery(store, worker_settings, uniform=lambda low, high: high)


def crash(*running: str) -> WorkerEnd:
    return WorkerEnd("killed by SIGKILL", is_crash=True, running=frozenset(running))


def stop(*running: str) -> WorkerEnd:
    return WorkerEnd("stopped", is_crash=False, running=frozenset(running))


def test_job_that_only_waited_comes_back_without_a_mark(store, recovery):
    guilty, innocent = push(store, count=2)
    store.fetch("default", "w", 2, lease=60, join=True)

    assert recovery.recover(["default"], "w", crash(guilty), is_dead=True) == 2

    assert payload_of(store, guilty).crashes == 1
    assert payload_of(store, innocent).crashes == 0
    assert payload_of(store, innocent).errors == []
    assert place_of(store, innocent) == "ready"
    assert broken_jobs(store) == []


def test_crash_is_kept_with_its_reason_and_costs_no_retry(store, recovery):
    (job_id,) = push(store)
    store.fetch("default", "w", 1, lease=60, join=True)

    recovery.recover(["default"], "w", crash(job_id), is_dead=True)

    payload = payload_of(store, job_id)
    assert payload.failures == 0
    assert payload.errors[0]["class"] == "WorkerCrashed"
    assert payload.errors[0]["message"] == "killed by SIGKILL"
    assert place_of(store, job_id) == "ready"


def test_interruption_costs_neither_a_retry_nor_a_crash(store, recovery):
    (job_id,) = push(store)
    store.fetch("default", "w", 1, lease=60, join=True)

    recovery.recover(["default"], "w", stop(job_id), is_dead=True)

    payload = payload_of(store, job_id)
    assert (payload.interruptions, payload.failures, payload.crashes) == (1, 0, 0)
    assert place_of(store, job_id) == "ready"


def test_second_crash_brings_the_job_back_later_than_its_neighbours(store, recovery):
    (job_id,) = push(store, crashes=1)
    store.fetch("default", "w", 1, lease=60, join=True)

    recovery.recover(["default"], "w", crash(job_id), is_dead=True)

    assert place_of(store, job_id) == "retry"
    assert stat(store, "crashed") == 1
    seconds, _ = client_of(store).time()
    assert score_of(store, "retry", job_id) == pytest.approx(1000 * (seconds + 10), abs=2000)


def test_third_crash_marks_the_job_as_poison(store, recovery):
    (job_id,) = push(store, job_class="nowhere.Gone", crashes=2)
    store.fetch("default", "w", 1, lease=60, join=True)

    recovery.recover(["default"], "w", crash(job_id), is_dead=True)

    assert place_of(store, job_id) == "ready"
    assert payload_of(store, job_id).crashes == 3
    assert payload_of(store, job_id).is_poison


@pytest.mark.parametrize(
    "raw", [b"\xff\x00 no json", b'{"priority":0,"id":"x","job_class":"a.B","queue":"q","crashes":"?"}']
)
def test_payload_that_cannot_be_counted_in_comes_back_as_it_was(store, recovery, raw):
    job_id = push_raw(store, raw)
    (neighbour,) = push(store)
    store.fetch("default", "w", 2, lease=60, join=True)

    assert recovery.recover(["default"], "w", crash(job_id, neighbour), is_dead=True) == 2

    assert client_of(store).hget(store.keys("default").payloads, job_id) == raw
    assert place_of(store, job_id) == place_of(store, neighbour) == "ready"


def test_job_whose_payload_is_lost_is_dropped(store, recovery):
    (job_id,) = push(store)
    store.fetch("default", "w", 1, lease=60, join=True)
    client_of(store).hdel(store.keys("default").payloads, job_id)

    recovery.recover(["default"], "w", crash(job_id), is_dead=True)

    assert place_of(store, job_id) is None
    assert stat(store, "lost") == 1


def test_second_recovery_finds_nothing_more_to_do(store, recovery):
    ids = push(store, count=3)
    store.fetch("default", "w", 3, lease=60, join=True)

    assert recovery.recover(["default"], "w", crash(*ids), is_dead=True) == 3
    assert recovery.recover(["default"], "w", crash(*ids), is_dead=True) == 0

    assert [payload_of(store, job_id).crashes for job_id in ids] == [1, 1, 1]


def test_two_recoveries_at_once_share_the_jobs(store, recovery):
    ids = push(store, count=300)
    store.fetch("default", "w", 300, lease=60, join=True)
    recovered = []

    def recover():
        recovered.append(recovery.recover(["default"], "w", crash(*ids), is_dead=True))

    threads = [threading.Thread(target=recover) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(recovered) == 300
    assert {payload_of(store, job_id).crashes for job_id in ids} == {1}
    assert broken_jobs(store) == []


def test_living_worker_is_left_alone(store, recovery):
    (job_id,) = push(store)
    store.fetch("default", "w", 1, lease=60, join=True)

    assert recovery.recover(["default"], "w", crash(job_id), is_dead=False) == 0

    assert place_of(store, job_id) == "running"


def test_worker_whose_lease_ran_out_loses_its_jobs_and_can_take_no_more(store, recovery):
    (job_id,) = push(store)
    store.fetch("default", "w", 1, lease=0.01, join=True)

    wait_until(lambda: recovery.recover(["default"], "w", WorkerEnd("silent", is_crash=True), is_dead=False) == 1)

    assert payload_of(store, job_id).crashes == 1
    assert not store.fetch("default", "w", 1, lease=60).lease_is_good


def test_jobs_of_all_queues_come_back(store, recovery):
    (one,), (two,) = push(store, "one"), push(store, "two")
    for queue in ("one", "two"):
        store.fetch(queue, "w", 1, lease=60, join=True)

    assert recovery.recover(["one", "two"], "w", stop(one), is_dead=True) == 2

    assert payload_of(store, one, "one").interruptions == 1
    assert payload_of(store, two, "two").interruptions == 0
