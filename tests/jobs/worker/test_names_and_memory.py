"""A worker that others gave up, and a Redis that forgot.

What the fetcher does about both.
"""

from typing import Any

import pytest

from jobs.worker.recovery import Recovery, WorkerEnd
from jobs.worker.unit import Unit
from tests.jobs.worker.hands import Hands
from tests.jobs.worker.made_jobs import broken_jobs, client_of, place_of, push, stat, take


@pytest.fixture
def hands(store, worker_settings):
    return lambda *queues, store=store: Hands(store, worker_settings, *queues)


@pytest.fixture
def give_up(store, worker_settings):
    """Return a function that does what others do to a worker they believe dead."""

    def give_up(worker: str, queue: str = "default") -> None:
        Recovery(store, worker_settings).recover(queue, worker, WorkerEnd("gone", is_crash=False))

    return give_up


# Redis that forgot


def test_ending_that_redis_forgot_is_sent_again(store, hands):
    (job_id,) = push(store)
    worker = hands()
    [done] = worker.fetch(1).units
    before = client_of(store).hgetall(store.keys("default").running)
    payload = client_of(store).hget(store.keys("default").payloads, job_id)
    worker.fetch(0, done)

    client_of(store).hset(store.keys("default").running, mapping=before)
    client_of(store).hset(store.keys("default").payloads, job_id, payload)
    worker.fetcher.note_outage()
    [again] = worker.fetch(1).again

    assert [unit.id for unit in again.units] == [job_id]
    worker.fetch(0, *again.units)
    assert place_of(store, job_id) is None


def test_taking_that_redis_forgot_is_not_begun(store, hands):
    push(store)
    worker = hands()
    [unit] = worker.fetch(1).units
    client_of(store).delete(store.keys("default").running)
    worker.fetcher.note_outage()

    assert worker.fetch(1).gone == {unit.number}


def test_worker_whose_lease_redis_forgot_joins_again_and_looks_around(store, hands):
    (job_id,) = push(store)
    worker = hands()
    worker.fetch(1)
    client_of(store).delete(store.keys("default").leases)

    worker.fetch(1)

    assert worker.custody.doubtful == {"default"}
    assert place_of(store, job_id) == "running"
    worker.fetch(1)
    assert worker.custody.doubtful == set()
    assert broken_jobs(store) == []


# Names that were given up


def test_worker_that_was_given_up_takes_a_new_name_in_that_queue_only(store, hands, give_up):
    push(store, "high")
    push(store, "default")
    worker = hands("high", "default")
    high, default = worker.fetch(1).units + worker.fetch(1).units
    name = worker.fetcher.name
    give_up(name, "high")

    catch = worker.fetch(1)

    assert catch.gone == {high.number}
    assert place_of(store, default.id) == "running"
    assert [unit.worker for unit in worker.fetch(1).units] == [f"{name}.1"]
    (next_default,) = push(store, "default")
    [unit] = worker.fetch(1).units
    assert (unit.id, unit.worker) == (next_default, name)


def test_finished_jobs_go_in_before_the_name_is_found_to_be_given_up(store, hands):
    """They used to be thrown away with the name, and ran again."""
    push(store, "high")
    push(store, "default")
    worker = hands("high", "default")
    high, default = worker.fetch(1).units + worker.fetch(1).units
    # Nothing is taken back yet.
    client_of(store).zadd(store.keys("high").leases, {worker.fetcher.name: 0})

    catch = worker.fetch(1, high, default)

    assert {unit.id for unit in catch.ended} == {high.id, default.id}
    assert place_of(store, high.id, "high") is place_of(store, default.id) is None


def test_finish_under_a_name_that_lost_the_job_changes_nothing(store, hands, give_up, caplog):
    (job_id,) = push(store)
    worker = hands()
    [unit] = worker.fetch(1).units
    give_up(worker.fetcher.name)
    take(store, "other")

    worker.fetch(0, unit)
    worker.fetch(1)
    worker.fetch(0, unit)

    assert place_of(store, job_id) == "running"
    assert stat(store, "processed") == 0
    assert "worker.lost_jobs" in caplog.text


def test_what_ends_late_under_an_old_name_is_handed_in_where_nobody_has_it(store, hands):
    (job_id,) = push(store)
    worker = hands()
    [unit] = worker.fetch(1).units
    client_of(store).zadd(store.keys("default").leases, {worker.fetcher.name: 0})
    worker.fetch(1)

    worker.fetch(0, unit)

    assert place_of(store, job_id) is None
    assert stat(store, "processed") == 1


def test_name_that_was_given_up_is_given_up_again_when_redis_forgot_that_it_was(
    store, hands, give_up
):
    """The supervisor goes on to renew every name of its child.

    So nobody else would take the job back.
    """
    (job_id,) = push(store)
    worker = hands()
    worker.fetch(1)
    keys, client, name = store.keys("default"), client_of(store), worker.fetcher.name
    running: Any = client.hgetall(keys.running)
    leases: Any = dict(client.zrange(keys.leases, 0, -1, withscores=True))
    give_up(name)
    worker.custody.drop([Unit("default", name, job_id, b"", 1)])
    worker.fetch(0, Unit("default", name, "x", b"", 99))  # it learns of it

    client.delete(keys.ready, keys.ended)
    client.hset(keys.running, mapping=running)
    client.zadd(keys.leases, leases)
    worker.fetcher.note_outage()
    worker.fetch(0)

    assert place_of(store, job_id) == "ready"
    assert client.zscore(keys.leases, name) is None
    assert broken_jobs(store) == []
