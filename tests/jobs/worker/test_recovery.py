"""Taking back the jobs of workers that are gone."""

import threading
from dataclasses import replace

import pytest

from jobs.job import Job
from jobs.payload import Payload
from jobs.registry import registry
from jobs.store import NewJob, Terms
from jobs.worker.board import Board
from jobs.worker.recovery import Recovery, WorkerEnd
from tests.jobs.worker.made_jobs import (
    broken_jobs,
    client_of,
    payload_of,
    place_of,
    push,
    push_raw,
    score_of,
    stat,
    take,
)


@pytest.fixture
def recovery(store, worker_settings) -> Recovery:
    return Recovery(store, worker_settings, uniform=lambda low, high: high)


def crash(*running: tuple[str, int]) -> WorkerEnd:
    return WorkerEnd(
        "killed by SIGKILL", is_crash=True, running=frozenset(number for _, number in running)
    )


def stop(*running: tuple[str, int]) -> WorkerEnd:
    return WorkerEnd("stopped", is_crash=False, running=frozenset(number for _, number in running))


def score_of_lease(store, worker: str) -> str:
    return f"{score_of(store, 'leases', worker):.0f}"


def test_job_that_only_waited_comes_back_without_a_mark(store, recovery):
    guilty, innocent = push(store, count=2)
    first, _ = take(store, "w", 2)

    assert recovery.recover("default", "w", crash(first)) == 2

    assert payload_of(store, guilty).crashes == 1
    assert payload_of(store, innocent).crashes == 0
    assert payload_of(store, innocent).errors == []
    assert place_of(store, innocent) == "ready"
    assert broken_jobs(store) == []


def test_job_with_a_long_id_is_blamed_too(store, recovery):
    """The board once held 32 bytes of an id.

    Middleware may choose longer ones, and then nobody was blamed.
    """
    job_id = f"order-{'7' * 60}"
    payload = Payload(0, job_id, "tests.Nothing", "default")
    store.intake.push("default", [NewJob(job_id, payload.encode(), 0)])
    board = Board(1)
    [(_, number)] = take(store, "w")
    board.start(0, number)

    ending = WorkerEnd("killed by SIGKILL", is_crash=True, running=board.running())
    recovery.recover("default", "w", ending)

    assert payload_of(store, job_id).crashes == 1
    assert place_of(store, job_id) == "ready"
    board.close()


def test_crash_is_kept_with_its_reason_and_costs_no_retry(store, recovery):
    (job_id,) = push(store)

    recovery.recover("default", "w", crash(*take(store, "w")))

    payload = payload_of(store, job_id)
    assert payload.failures == 0
    assert payload.errors[0]["class"] == "WorkerCrashed"
    assert payload.errors[0]["message"] == "killed by SIGKILL"
    assert payload.errors[0]["worker"] == "w"
    assert place_of(store, job_id) == "ready"


def test_job_that_was_overdue_comes_back_with_a_mark_and_its_neighbour_without(store, recovery):
    stuck, neighbour = push(store, count=2)
    takings = take(store, "w", 2)
    number = takings[0][1]
    end = replace(stop(*takings), overdue={number: "  File x, line 1 in y\n"})

    recovery.recover("default", "w", end)

    marked = payload_of(store, stuck)
    assert marked.overrun == {"worker": "w", "stack": "  File x, line 1 in y\n"}
    assert (marked.interruptions, marked.crashes, marked.failures) == (0, 0, 0)
    assert payload_of(store, neighbour).interruptions == 1
    assert payload_of(store, neighbour).overrun == {}
    assert place_of(store, stuck) == "ready"
    assert broken_jobs(store) == []


def test_interruption_costs_neither_a_retry_nor_a_crash(store, recovery):
    (job_id,) = push(store)

    recovery.recover("default", "w", stop(*take(store, "w")))

    payload = payload_of(store, job_id)
    assert (payload.interruptions, payload.failures, payload.crashes) == (1, 0, 0)
    assert place_of(store, job_id) == "ready"


def test_second_crash_brings_the_job_back_later_than_its_neighbours(store, recovery):
    (job_id,) = push(store, crashes=1)

    recovery.recover("default", "w", crash(*take(store, "w")))

    assert place_of(store, job_id) == "retry"
    assert stat(store, "crashed") == 1
    seconds, _ = client_of(store).time()
    assert score_of(store, "retry", job_id) == pytest.approx(1000 * (seconds + 10), abs=2000)


def test_third_crash_marks_the_job_as_poison(store, recovery):
    (job_id,) = push(store, job_class="nowhere.Gone", crashes=2)

    recovery.recover("default", "w", crash(*take(store, "w")))

    assert place_of(store, job_id) == "ready"
    assert payload_of(store, job_id).crashes == 3
    assert payload_of(store, job_id).is_poison


@pytest.mark.parametrize(
    "raw",
    [b"\xff\x00 no json", b'{"priority":0,"id":"x","job_class":"a.B","queue":"q","crashes":"?"}'],
)
def test_payload_that_cannot_be_counted_in_comes_back_as_it_was(store, recovery, raw):
    job_id = push_raw(store, raw)
    (neighbour,) = push(store)

    assert recovery.recover("default", "w", crash(*take(store, "w", 2))) == 2

    assert client_of(store).hget(store.keys("default").payloads, job_id) == raw
    assert place_of(store, job_id) == place_of(store, neighbour) == "ready"


@pytest.mark.parametrize("held_by", [b"w#5|notanumber", b"w#5|", b"w|100", b"w#x|100"])
def test_odd_entry_among_the_running_keeps_no_other(store, recovery, held_by):
    """One value that is no number used to end the supervisor."""
    odd, neighbour = push(store, count=2)
    take(store, "w", 2)
    client_of(store).hset(store.keys("default").running, odd, held_by)

    assert recovery.recover("default", "w", crash()) == 2

    assert place_of(store, odd) == place_of(store, neighbour) == "ready"


def test_job_whose_id_is_no_text_comes_back(store, recovery):
    keys, client = store.keys("default"), client_of(store)
    client.hset(keys.payloads, b"\xff\xfe", b"{}")
    client.zadd(keys.ready, {b"\xff\xfe": 1})
    [(job_id, _)] = take(store, "w")

    assert recovery.recover("default", "w", crash((job_id, 1))) == 1

    assert client.zscore(keys.ready, b"\xff\xfe") is not None
    assert client.hlen(keys.running) == 0


def test_job_whose_payload_is_lost_is_dropped(store, recovery):
    (job_id,) = push(store)
    taken = take(store, "w")
    client_of(store).hdel(store.keys("default").payloads, job_id)

    recovery.recover("default", "w", crash(*taken))

    assert place_of(store, job_id) is None
    assert stat(store, "lost") == 1


def test_second_recovery_finds_nothing_more_to_do(store, recovery):
    ids = push(store, count=3)
    taken = take(store, "w", 3)

    assert recovery.recover("default", "w", crash(*taken)) == 3
    assert recovery.recover("default", "w", crash(*taken)) == 0

    assert [payload_of(store, job_id).crashes for job_id in ids] == [1, 1, 1]


def test_two_recoveries_at_once_share_the_jobs(store, recovery):
    ids = push(store, count=300)
    taken = take(store, "w", 300)
    recovered = []

    def recover():
        recovered.append(recovery.recover("default", "w", crash(*taken)))

    threads = [threading.Thread(target=recover) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(recovered) == 300
    assert {payload_of(store, job_id).crashes for job_id in ids} == {1}
    assert broken_jobs(store) == []


def test_recovery_never_touches_the_next_taking_of_the_job(store, recovery):
    (job_id,) = push(store)
    take(store, "w")
    recovery.recover("default", "w", stop())
    take(store, "other")

    assert recovery.recover("default", "w", stop()) == 0

    assert place_of(store, job_id) == "running"


def test_worker_whose_lease_has_changed_since_is_left_alone(store, recovery):
    (job_id,) = push(store)
    take(store, "w")
    seen = score_of_lease(store, "w")
    take(store, "w", 0)

    assert recovery.recover("default", "w", WorkerEnd("silent", is_crash=True), seen) == 0

    assert place_of(store, job_id) == "running"


def test_worker_whose_lease_stood_still_loses_its_jobs_and_can_take_no_more(store, recovery):
    (job_id,) = push(store)
    take(store, "w")

    assert (
        recovery.recover(
            "default", "w", WorkerEnd("silent", is_crash=True), score_of_lease(store, "w")
        )
        == 1
    )

    assert payload_of(store, job_id).crashes == 1
    assert take(store, "w") == []


def test_recovery_that_was_left_half_done_is_finished(store, recovery):
    (job_id,) = push(store)
    take(store, "w")
    client_of(store).zadd(store.keys("default").leases, {"w": 0})

    assert recovery.recover("default", "w", WorkerEnd("silent", is_crash=True), "0") == 1

    assert place_of(store, job_id) == "ready"


def test_fetch_of_a_dead_worker_that_comes_late_takes_nothing(store, recovery):
    """It died with its first fetch on the way.

    So nobody knows its name yet.
    """
    (job_id,) = push(store)

    recovery.recover("default", "w", crash())

    assert take(store, "w") == []
    assert place_of(store, job_id) == "ready"


# Whom to blame when nobody knows what was running


class AsyncJob(Job):
    async def perform(self):
        pass


def test_first_taken_are_blamed_as_many_as_the_worker_has_threads(store, recovery):
    ids = push(store, count=5)
    take(store, "w", 5)
    ending = WorkerEnd("its lease ran out", is_crash=True, terms=Terms(60, threads=2))

    recovery.recover("default", "w", ending)

    assert [payload_of(store, job_id).crashes for job_id in ids] == [1, 1, 0, 0, 0]


def test_coroutines_are_counted_by_themselves(store, recovery):
    name = registry.name_of(AsyncJob)
    ids = push(store, job_class=name, count=3) + push(store, count=3)
    take(store, "w", 6)
    ending = WorkerEnd("its lease ran out", is_crash=True, terms=Terms(60, threads=1, coroutines=2))

    recovery.recover("default", "w", ending)

    assert sorted(payload_of(store, job_id).crashes for job_id in ids) == [0, 0, 0, 1, 1, 1]
    assert [payload_of(store, job_id).crashes for job_id in ids] == [1, 1, 0, 1, 0, 0]


def test_worker_of_unknown_terms_is_judged_by_our_own(store, worker_settings):
    """A worker of another version wrote terms that nobody here can read."""
    settings = replace(worker_settings, concurrency=1, async_concurrency=2)
    name = registry.name_of(AsyncJob)
    ids = push(store, job_class=name, count=3) + push(store, count=2)
    take(store, "w", 5)

    Recovery(store, settings).recover("default", "w", WorkerEnd("its lease ran out", is_crash=True))

    assert [payload_of(store, job_id).crashes for job_id in ids] == [1, 1, 0, 1, 0]
