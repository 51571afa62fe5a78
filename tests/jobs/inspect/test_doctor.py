"""Tests of the doctor.

Whatever is broken is found and repaired, and what is well is never called broken.
"""

import threading

import pytest

from jobs import inspect
from tests.jobs.inspect.filling import WORKER, fetch, fill, finish, push, token


def strays(reader, **options):
    return [
        (stray.job_id, stray.found)
        for stray in inspect.check_invariant(reader=reader, **options).strays
    ]


def places(store, job_id):
    """Return the places that hold the id, but for the payload's."""
    k = store.keys("default")
    sets = [
        name
        for name in ("ready", "scheduled", "retry", "dead", "done")
        if store.client.zscore(getattr(k, name), job_id)
    ]
    return sets + (["running"] if store.client.hexists(k.running, job_id) else [])


def test_empty_redis_is_clean(reader):
    diagnosis = inspect.check_invariant(reader=reader)

    assert (diagnosis.jobs, diagnosis.strays, diagnosis.repaired) == (0, (), ())


def test_jobs_in_every_place_are_clean_and_counted(store, reader):
    fill(store, "default")
    fill(store, "other")

    diagnosis = inspect.check_invariant(reader=reader)

    assert diagnosis.strays == ()
    assert diagnosis.jobs == 12
    assert {"default", "other"} <= set(diagnosis.queues)


def test_payload_that_is_nowhere_is_made_ready_again(store, reader):
    [lost] = push(store, priority=7)
    store.client.zrem(store.keys("default").ready, lost)

    assert strays(reader) == [(lost, "nowhere")]
    diagnosis = inspect.check_invariant(repair=True, reader=reader)

    assert diagnosis.strays == ()
    assert diagnosis.repaired == (inspect.Stray("default", lost, "nowhere"),)
    assert fetch(store) == [lost]


@pytest.mark.parametrize("second", ["scheduled", "retry", "dead", "done"])
def test_job_in_two_sets_is_left_in_one(store, reader, second):
    [twice] = push(store)
    store.client.zadd(getattr(store.keys("default"), second), {twice: 2e12})

    assert strays(reader) == [(twice, f"ready, {second}")]
    assert strays(reader, repair=True) == []

    assert places(store, twice) == ["ready"]


def test_running_job_that_is_also_in_a_set_stays_with_its_worker(store, reader):
    push(store)
    [job_id] = fetch(store)
    store.client.zadd(store.keys("default").retry, {job_id: 2e12})

    assert strays(reader) == [(job_id, "running, retry")]
    assert strays(reader, repair=True) == []

    assert places(store, job_id) == ["running"]
    assert store.running.fail("default", token(store, job_id), job_id, b"{}", "discard")


@pytest.mark.parametrize("place", ["ready", "scheduled", "retry", "dead", "done"])
def test_id_without_a_payload_is_removed_from_its_set(store, reader, place):
    store.client.zadd(getattr(store.keys("default"), place), {"ghost": 2e12})

    assert strays(reader) == [("ghost", f"no payload; {place}")]
    assert strays(reader, repair=True) == []

    assert places(store, "ghost") == []


def test_running_id_without_a_payload_is_taken_from_its_worker(store, reader):
    push(store)
    [job_id] = fetch(store)
    store.client.hdel(store.keys("default").payloads, job_id)

    assert strays(reader) == [(job_id, "no payload; running")]
    assert strays(reader, repair=True) == []

    assert places(store, job_id) == []


def test_job_running_under_a_worker_without_a_lease_is_made_ready_again(store, reader):
    push(store)
    [orphan] = fetch(store)
    store.client.zrem(store.keys("default").leases, WORKER)

    assert strays(reader) == [(orphan, "running without a worker")]
    assert strays(reader, repair=True) == []

    assert places(store, orphan) == ["ready"]


def test_stray_of_a_queue_that_the_settings_do_not_name_is_found(store, reader):
    [lost] = push(store, "forgotten")
    store.client.zrem(store.keys("forgotten").ready, lost)

    [stray] = inspect.check_invariant(reader=reader).strays

    assert (stray.queue, stray.job_id) == ("forgotten", lost)


def test_every_portion_of_many_jobs_is_looked_at(store, reader):
    ids = push(store, count=3000)
    store.client.zrem(store.keys("default").ready, *ids[::100])
    store.client.zadd(store.keys("default").dead, {f"ghost{n}": n for n in range(1000)})

    assert {job_id for job_id, _ in strays(reader)} == {
        *ids[::100],
        *(f"ghost{n}" for n in range(1000)),
    }
    diagnosis = inspect.check_invariant(repair=True, reader=reader)

    assert (len(diagnosis.repaired), diagnosis.strays) == (1030, ())
    assert strays(reader) == []


def test_there_is_no_false_alarm_while_jobs_move_at_full_speed(store, reader):
    push(store, count=600)
    is_over = threading.Event()
    rounds = []

    def traffic():
        while not is_over.is_set():
            move_around(store)
            rounds.append(1)

    mover = threading.Thread(target=traffic)
    mover.start()
    try:
        found = [strays(reader, repair=bool(turn % 2)) for turn in range(30)]
    finally:
        is_over.set()
        mover.join()

    assert found == [[]] * 30
    assert len(rounds) > 1
    assert store.client.hlen(store.keys("default").payloads) == 600


def move_around(store):
    """Take jobs and send them to every place, then bring them back.

    New jobs replace those that are gone.
    """
    taken = fetch(store, count=40)
    for job_id in taken[:10]:
        store.running.fail(
            "default", token(store, job_id), job_id, b"{}", "retry", delay_seconds=60
        )
    for job_id in taken[10:15]:
        store.running.fail("default", token(store, job_id), job_id, b"{}", "dead")
    for job_id in taken[15:20]:
        store.running.finish("default", token(store, job_id), job_id, b"{}", 60)
    store.running.release(
        "default", [(token(store, job_id), job_id, b"") for job_id in taken[20:30]]
    )
    finish(store, *taken[30:])
    store.sets.move("default", "retry", "ready", taken[:10])
    store.sets.move("default", "dead", "ready", taken[10:15])
    store.sets.move("default", "done", "delete", taken[15:20])
    push(store, count=len(taken[15:20]) + len(taken[30:]))
