"""A whole worker whose idle threads wait with armed fetches."""

import random
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from jobs.store.scripts import number_of_keys
from tests.faults.proxy import Proxy
from tests.faults.rules import Command, Fault, Kind
from tests.jobs.worker.gate import GATED, QUICK, begun, gate
from tests.jobs.worker.made_jobs import broken_jobs, client_of, place_of, push, stat
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

NUMBER_OF_KEYS = number_of_keys("fetch")


@pytest.fixture
def settings(worker_settings):
    """Return settings of a worker that nothing but a bell wakes."""
    return replace(worker_settings, heartbeat=30.0, lease=90.0)


class ArmedProxy(Proxy):
    """Counts fetches, armed and not.

    It loses the answer to an armed one when told.
    """

    def __init__(self, redis_url: str) -> None:
        self.loses_next = False
        self.armed = self.unarmed = 0
        super().__init__(redis_url, self._choose)

    def _choose(self, command: Command) -> Fault | None:
        if command.name != "fetch":
            return None
        until = int(command.words[3 + NUMBER_OF_KEYS + 6])
        if not until:
            self.unarmed += 1
            return None
        self.armed += 1
        is_lost, self.loses_next = self.loses_next, False
        return Fault(Kind.AFTER) if is_lost else None


@pytest.fixture
def proxy(redis_url) -> Iterator[ArmedProxy]:
    proxy = ArmedProxy(redis_url)
    yield proxy
    proxy.close()


def fall_asleep(store, worker):
    """Wait until a thread sleeps and none is under way."""
    wait_until(lambda: client_of(store).info("clients")["blocked_clients"] == 1)
    wait_until(lambda: worker.buffer._duties.is_sleeping and not worker.buffer._duties.is_leading)


def push_in_silence(store, queue="default", **fields):
    """Push one job whose bell nobody hears, and return its id.

    It is pushed to a queue that nobody serves, and moved from there.
    """
    (job_id,) = push(store, f"unserved-{queue}", **fields)
    here, there = store.keys(f"unserved-{queue}"), store.keys(queue)
    raw = client_of(store).hget(here.payloads, job_id)
    with client_of(store).pipeline(transaction=True) as pipe:
        pipe.hset(there.payloads, job_id, raw.replace(b'"unserved-', b'"'))
        pipe.zadd(there.ready, {job_id: 1})
        pipe.delete(*here.all)
        pipe.execute()
    return job_id


def test_job_that_comes_to_an_idle_worker_begins_without_another_fetch(store, settings, proxy):
    settings = replace(settings, redis_url=proxy.url, concurrency=1)
    with running(make_worker(settings)) as worker:
        fall_asleep(store, worker)
        unarmed, armed = proxy.unarmed, proxy.armed

        push(store, job_class=GATED)
        wait_until(lambda: "gated" in begun)

        assert (proxy.unarmed, proxy.armed) == (unarmed, armed)
        gate.set()


def test_job_of_an_armed_fetch_whose_answer_is_lost_runs_once(store, settings, proxy):
    proxy.loses_next = True
    with running(make_worker(replace(settings, redis_url=proxy.url))) as worker:
        fall_asleep(store, worker)

        (job_id,) = push(store, job_class=QUICK)
        wait_until(lambda: place_of(store, job_id) is None)

    assert [struck.command.name for struck in proxy.struck] == ["fetch"]
    assert begun == [job_id]
    assert stat(store, "processed") == 1
    assert broken_jobs(store) == []


def test_script_that_redis_forgets_while_a_worker_sleeps_costs_no_job(store, settings):
    with running(make_worker(settings)) as worker:
        fall_asleep(store, worker)
        client_of(store).script_flush()

        (job_id,) = push(store, job_class=QUICK)
        wait_until(lambda: place_of(store, job_id) is None)

    assert begun == [job_id]


def test_worker_that_was_told_to_be_quiet_gives_back_what_the_sleeper_brought(
    store, settings, monkeypatch
):
    worker = make_worker(settings)
    given_back: list[str] = []
    release = worker._store.running.release

    def note_and_release(queue, jobs):
        given_back.extend(job_id for _, job_id, _ in jobs)
        return release(queue, jobs)

    monkeypatch.setattr(worker._store.running, "release", note_and_release)
    with running(worker):
        fall_asleep(store, worker)
        job_id = push_in_silence(store, job_class=QUICK)

        worker.buffer.gate.close()

        wait_until(lambda: given_back == [job_id])
        wait_until(lambda: worker.buffer.is_idle)
        assert place_of(store, job_id) == "ready"
    assert begun == []
    assert client_of(store).llen(store.keys("default").bell) == 1  # for somebody else


def test_job_whose_time_comes_while_a_worker_sleeps_is_run_at_that_time(store, settings):
    with running(make_worker(settings)) as worker:
        seconds, _ = client_of(store).time()
        (job_id,) = push(store, job_class=QUICK)
        wait_until(lambda: begun == [job_id])
        fall_asleep(store, worker)
        later = push_in_silence(store, job_class=QUICK)
        assert place_of(store, later) == "ready"
        store.sets.move("default", "ready", "scheduled", [later], due_at=seconds + 1)

        wait_until(lambda: begun == [job_id, later])


def test_name_that_lapsed_while_a_worker_sleeps_costs_no_job(store, settings):
    with running(make_worker(settings)) as worker:
        fall_asleep(store, worker)
        client_of(store).zadd(store.keys("default").leases, {worker.buffer.worker: 0})

        (job_id,) = push(store, job_class=QUICK)
        wait_until(lambda: place_of(store, job_id) is None)

    assert begun == [job_id]


def test_paused_queue_costs_no_round_trips_and_goes_on_at_once(store, settings):
    store.sets.pause("default")
    with running(make_worker(settings)) as worker:
        fall_asleep(store, worker)
        (job_id,) = push(store, job_class=QUICK)
        fall_asleep(store, worker)
        turns = worker.buffer.turns
        threading.Event().wait(0.3)
        assert worker.buffer.turns <= turns + 1
        assert place_of(store, job_id) == "ready"

        store.sets.resume("default")

        wait_until(lambda: place_of(store, job_id) is None)


# Several queues, several threads


def test_nobody_arms_while_another_thread_fetches(store, settings, monkeypatch):
    """A look around must know every open number from its beginning."""
    worker = make_worker(replace(settings, concurrency=3))
    fetch, entered = worker.buffer._fetcher.fetch, threading.Event()

    def fetch_slowly(*args):
        entered.set()
        assert gate.wait(30)
        return fetch(*args)

    monkeypatch.setattr(worker.buffer._fetcher, "fetch", fetch_slowly)
    with running(worker):
        assert entered.wait(15)
        wait_until(lambda: worker.buffer._duties.idle == 3)
        threading.Event().wait(0.1)

        assert worker.buffer._fetcher.arming.numbers() == set()
        gate.set()
        wait_until(worker.buffer._fetcher.arming.numbers)


def test_bell_of_a_queue_for_which_no_thread_is_left_rings_for_others(store, settings):
    """The sleeper hears `low` and wakes with a long job of `high`.

    Others slept on until the next heartbeat, as the only token was spent.
    """
    settings = replace(settings, concurrency=1)
    with running(make_worker(settings, "high", "low")) as worker:
        fall_asleep(store, worker)
        push_in_silence(store, "high", job_class=GATED)
        (low,) = push(store, "low", job_class=QUICK)

        wait_until(lambda: begun == ["gated"])
        wait_until(lambda: client_of(store).llen(store.keys("low").bell) == 1)

        assert place_of(store, low, "low") == "ready"
        gate.set()
        wait_until(lambda: place_of(store, low, "low") is None)


def test_high_queue_is_served_before_a_low_one_whose_bell_rang(store, settings):
    settings = replace(settings, concurrency=1)
    with running(make_worker(settings, "high", "low")) as worker:
        fall_asleep(store, worker)
        push_in_silence(store, "high", job_class=QUICK, args=["high"])
        push(store, "low", job_class=QUICK, args=["low"])
        wait_until(lambda: len(begun) == 2)

    assert begun == ["high", "low"]


def test_more_idle_threads_than_jobs_run_each_job_once(store, settings):
    ids = []
    with running(make_worker(replace(settings, concurrency=8), "high", "default")) as worker:
        for number in range(40):
            if number % 8 == 0:
                fall_asleep(store, worker)
            ids += push(store, ("high", "default")[number % 2], job_class=QUICK)
        wait_until(lambda: len(begun) == 40)
        wait_until(lambda: worker.buffer.is_idle)

    assert sorted(begun) == sorted(ids)
    assert stat(store, "processed", "high") + stat(store, "processed") == 40
    assert broken_jobs(store, "high", "default") == []


def test_user_who_may_not_end_waits_arms_nothing_and_runs_jobs(store, settings, proxy):
    client_of(store).execute_command(
        "ACL", "SETUSER", "little", "on", ">pw", "~*", "+@all", "-client|unblock"
    )
    url = proxy.url.replace("//", "//little:pw@")
    with running(make_worker(replace(settings, redis_url=url, heartbeat=0.1))) as worker:
        wait_until(lambda: worker.buffer._bell.is_coarse)
        fall_asleep(store, worker)
        wait_until(lambda: not worker.buffer.custody.doubtful)
        armed, doubts = proxy.armed, worker.buffer.custody.doubts

        ids = [push(store, job_class=QUICK)[0] for _ in range(3)]
        wait_until(lambda: sorted(begun) == sorted(ids))

    assert (proxy.armed, worker.buffer.custody.doubts) == (armed, doubts)
    client_of(store).execute_command("ACL", "DELUSER", "little")


@pytest.mark.slow
def test_connections_that_are_cut_again_and_again_lose_no_job_and_double_none(store, settings):
    """Jobs come one by one, so most are taken by a fetch that waits."""
    chance, ids, client = random.Random(7), [], client_of(store)
    settings = replace(settings, heartbeat=1.0, concurrency=3)
    queues = ("high", "default", "low")
    with running(make_worker(settings, *queues)) as worker:
        for number in range(150):
            ids += push(store, chance.choice(queues), job_class=QUICK)
            if number % 5 == 0:
                client.client_kill_filter(_type="normal", skipme=True)
            if number % 20 == 0:
                client.script_flush()
            threading.Event().wait(chance.choice((0.0, 0.002, 0.02)))
        wait_until(lambda: set(begun) == set(ids), timeout=20)
        wait_until(lambda: worker.buffer.is_idle)

    assert sorted(begun) == sorted(ids)
    assert broken_jobs(store, *queues) == []
