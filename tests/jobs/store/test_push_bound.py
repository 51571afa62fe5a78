"""A push into a queue with a bound goes in whole, or not."""

import threading
from contextlib import closing, contextmanager
from unittest.mock import patch

import pytest

from jobs import QueueFull
from jobs.bounds import bounding
from jobs.client import Client
from jobs.store import Claim, NewJob, Store
from tests.jobs.features.periodic.desk import Desk
from tests.jobs.store.sample_queue import SampleQueue, new_job, raw_payload
from tests.jobs.worker.lossy_proxy import LossyProxy

pytestmark = pytest.mark.redis


@pytest.fixture
def q(store):
    return SampleQueue(store)


def push(q, *ids, bound, due="+0"):
    return q.store.intake.push(q.name, [new_job(each, due=due) for each in ids], bound=bound)


@contextmanager
def bounded(**bounds):
    with patch.object(bounding, "bounds", lambda: bounds):
        yield


def unique(job_id, key, conflict="return", **more):
    claim = Claim(key, conflict=conflict, **more)
    return NewJob(job_id, raw_payload(job_id), 0, claim=claim)


def push_unique(q, *jobs, bound):
    taken: dict[str, str] = {}
    q.store.intake.push(q.name, jobs, taken, bound)
    return taken


def test_jobs_go_in_up_to_the_bound(q):
    assert push(q, "a", "b", bound=3) == 2
    assert push(q, "c", bound=3) == 1

    with pytest.raises(QueueFull) as full:
        push(q, "d", bound=3)

    assert (full.value.queue, full.value.size, full.value.limit) == ("q", 3, 3)
    assert q.ids("ready") == ["a", "b", "c"]


def test_a_push_that_does_not_fit_as_a_whole_leaves_nothing(q):
    push(q, "a", bound=3)

    with pytest.raises(QueueFull) as full:
        push(q, "b", "c", "d", bound=3)

    assert (full.value.size, full.value.jobs) == (1, 3)
    assert q.ids("ready") == ["a"]
    assert q.client.hkeys(q.keys.payloads) == [b"a"]


def test_what_waits_runs_or_failed_counts_and_what_has_ended_does_not(q):
    push(q, "ready", "runs", "fails", bound=10)
    push(q, "later", bound=10, due="+60000")
    q.take("w", 3)
    q.store.running.fail(
        "q", q.token("fails"), "fails", raw_payload("fails"), "retry", delay_seconds=60
    )
    assert q.store.intake.size("q") == 4

    with pytest.raises(QueueFull):
        push(q, "more", bound=4)
    q.store.running.fail("q", q.token("runs"), "runs", raw_payload("runs"), "dead")

    assert q.store.intake.size("q") == 3
    assert push(q, "more", bound=4) == 1


def test_what_happens_to_a_job_needs_no_room(q):
    push(q, "a", "b", bound=2)
    q.take("w", 2)
    assert q.release("a") == 1
    q.store.running.fail("q", q.token("b"), "b", raw_payload("b"), "retry")

    assert sorted(q.take("w", 2)) == ["a", "b"]
    assert q.store.intake.size("q") == 2


def test_a_person_may_bring_more_than_fit(q):
    push(q, "a", bound=1)
    q.take("w", 1)
    q.store.running.fail("q", q.token("a"), "a", raw_payload("a"), "dead")
    push(q, "b", bound=1)

    q.store.sets.move("q", "dead", "ready", ["a"])

    assert q.store.intake.size("q") == 2
    with pytest.raises(QueueFull) as full:
        push(q, "c", bound=1)
    assert full.value.size == 2


def test_a_push_that_is_sent_again_is_no_second_one(q):
    push(q, "a", "b", bound=2)

    assert push(q, "a", "b", bound=2) == 0
    q.take("w", 2)
    q.take("w", 0, finished=["a", "b"])
    push(q, "c", "d", bound=2)
    assert push(q, "a", "b", bound=2) == 0
    assert q.ids("ready") == ["c", "d"]


def test_a_push_that_was_refused_is_decided_anew(q):
    push(q, "a", bound=1)
    with pytest.raises(QueueFull):
        push(q, "b", bound=1)
    q.take("w", 1)
    q.take("w", 0, finished=["a"])

    assert push(q, "b", bound=1) == 1


def test_each_job_of_its_own_kind_is_counted_too(q):
    jobs = [new_job("a", 1), new_job("b", 2, "+60000"), new_job("c", 3)]
    with pytest.raises(QueueFull):
        q.store.intake.push("q", jobs, bound=2)

    assert q.store.intake.push("q", jobs, bound=3) == 3
    assert (q.ids("ready"), q.ids("scheduled")) == (["c", "a"], ["b"])


def test_duplicate_needs_no_room(q):
    push_unique(q, unique("a", "k"), bound=1)

    assert push_unique(q, unique("b", "k"), bound=1) == {"b": "a"}
    with pytest.raises(QueueFull):
        push_unique(q, unique("c", "other"), bound=1)
    assert q.ids("ready") == ["a"]


def test_two_of_one_key_in_one_push_need_room_for_one(q):
    assert push_unique(q, unique("a", "k"), unique("b", "k"), bound=1) == {"b": "a"}


@pytest.mark.parametrize("conflict", ["replace", "debounce"])
def test_successor_needs_room_beside_a_duplicate_of_the_same_push(q, conflict):
    push_unique(q, unique("a", "k"), bound=1)
    q.take("w", 1)

    jobs = [unique("b", "k"), unique("c", "k", conflict, max_wait=60_000)]
    with pytest.raises(QueueFull):
        push_unique(q, *jobs, bound=1)
    assert push_unique(q, *jobs, bound=2) == {"b": "a"}


def test_job_that_is_there_keeps_no_place_for_others_of_its_key(q):
    push_unique(q, new_job("a"), bound=1)

    jobs = [unique("a", "k"), unique("b", "k")]
    with pytest.raises(QueueFull):
        push_unique(q, *jobs, bound=1)
    assert push_unique(q, *jobs, bound=2) == {"a": "a"}


@pytest.mark.parametrize("conflict", ["replace", "debounce"])
def test_successor_takes_the_room_of_the_job_that_it_replaces(q, conflict):
    push_unique(q, unique("a", "k", conflict, until="start", max_wait=60_000), bound=1)

    push_unique(q, unique("b", "k", conflict, until="start", max_wait=60_000), bound=1)

    assert q.ids("ready") == ["b"]


@pytest.mark.parametrize("conflict", ["replace", "debounce"])
def test_successor_of_a_job_that_has_begun_needs_room_of_its_own(q, conflict):
    push_unique(q, unique("a", "k", conflict, max_wait=60_000), bound=1)
    q.take("w", 1)

    with pytest.raises(QueueFull):
        push_unique(q, unique("b", "k", conflict, max_wait=60_000), bound=1)
    push_unique(q, unique("c", "k", conflict, max_wait=60_000), bound=2)

    assert q.ids("ready") == ["c"]


def test_unique_push_that_does_not_fit_as_a_whole_leaves_nothing(q):
    jobs = [unique("a", "1"), unique("b", "2"), new_job("c")]
    with pytest.raises(QueueFull) as full:
        push_unique(q, *jobs, bound=2)

    assert (full.value.size, full.value.jobs) == (0, 3)
    assert not q.client.exists(q.keys.payloads, q.keys.ready, q.keys.unique, q.keys.traits)
    assert push_unique(q, *jobs, bound=3) == {}


def test_unique_push_that_is_sent_again_answers_the_same(q):
    jobs = [unique("a", "1"), unique("b", "1")]
    assert push_unique(q, *jobs, bound=1) == {"b": "a"}

    assert push_unique(q, *jobs, bound=1) == {"b": "a"}


def test_tick_of_a_schedule_goes_into_a_full_queue_and_counts(store):
    desk = Desk(store)
    desk.open()
    push(desk.q, "a", bound=1)

    assert desk.fire_next().word == "fired"

    assert store.intake.size("q") == 2


def test_answer_that_was_lost_is_no_refusal(store, redis_url):
    with closing(LossyProxy(redis_url)) as proxy:
        client = Client(lambda: Store(proxy.url, timeout=2.0), timeout=4.0)
        with bounded(q=2):
            client.push([("q", new_job("warm"))])
            proxy.lose("push")
            client.push([("q", new_job("a"))])

            assert proxy.lost.is_set()
            with pytest.raises(QueueFull):
                client.push([("q", new_job("b"))])

    assert SampleQueue(store).ids("ready") == ["warm", "a"]


def test_fifty_threads_never_exceed_the_bound(q):
    start, refused = threading.Barrier(50), []

    def fill(number):
        start.wait()
        for n in range(20):
            try:
                push(q, f"{number}-{n}-a", f"{number}-{n}-b", bound=101)
            except QueueFull as full:
                refused.append(full.size)

    threads = [threading.Thread(target=fill, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert q.store.intake.size("q") == 100
    assert set(refused) == {100}
    assert len(refused) == 50 * 20 - 50
