"""push.lua puts new jobs in, once.

They are ready or scheduled, and one sleeper is woken.
"""

import pytest
from redis.exceptions import ResponseError

from jobs.store import NewJob, Store
from tests.jobs.store.sample_queue import SampleQueue, new_job, raw_payload

HOUR = 3_600_000


def reads(store: Store) -> int:
    """Return how often the server has read from a socket.

    A pipeline of small commands is one read.
    """
    return store.client.info("stats")["total_reads_processed"]


def test_pushed_job_is_ready_with_its_payload(q):
    assert q.push("a") == 1

    assert q.places() == {"a": ["ready"]}
    assert q.payload("a") == raw_payload("a")


def test_same_id_in_two_pushes_is_one_job(q):
    q.push("a")

    assert q.store.intake.push("q", [new_job("b"), NewJob("a", b"other", 5)]) == 1

    assert q.ids("ready") == ["a", "b"]
    assert q.payload("a") == raw_payload("a")


def test_same_id_twice_in_one_push_is_one_job(q):
    assert (
        q.store.intake.push(
            "q", [new_job("a"), new_job("a", due=f"+{HOUR}"), new_job("a", priority=3)]
        )
        == 1
    )

    assert q.places() == {"a": ["ready"]}


def test_push_sent_again_while_its_job_waits_changes_nothing(q):
    q.push("a", "b")

    assert q.push("a", "b") == 0

    assert q.ids("ready") == ["a", "b"]


def test_push_sent_again_after_its_jobs_ran_does_nothing(q):
    q.push("a", "b")
    q.take("w", 2)
    q.take("w", 0, finished=["a", "b"])
    q.silence()

    assert q.push("a", "b") == 0

    assert q.places() == {}
    assert q.rings() == 0


def test_push_that_only_begins_with_the_same_job_is_another_push(q):
    q.push("a")

    assert q.push("a", "b") == 1
    assert q.push("a", "c") == 1

    assert q.ids("ready") == ["a", "b", "c"]


def test_receipt_outlives_a_client_that_is_patient(redis_url):
    store = Store(redis_url, timeout=60.0)

    store.intake.push("q", [new_job("a")])

    [receipt] = store.client.keys("*:pushed:*")
    assert 100_000 < store.client.pttl(receipt) <= 120_000
    store.close()


def test_receipt_of_a_push_expires(q):
    q.push("a")

    [receipt] = q.client.keys("*:pushed:*")
    assert 0 < q.client.pttl(receipt) <= 30_000


def test_pushing_while_a_job_runs_leaves_it_running(q):
    q.push("a")
    q.take()

    assert q.push("b", "a") == 1

    assert q.places() == {"a": ["running"], "b": ["ready"]}


def test_higher_priority_is_taken_first(q):
    for priority in (0, -100, 100, 1, -1):
        q.push(f"p{priority}", priority=priority)

    assert q.take("w", 5) == ["p100", "p1", "p0", "p-1", "p-100"]


def test_jobs_of_one_priority_keep_their_order(q):
    for number in range(20):
        q.push(f"{number:02}")

    assert q.take("w", 20) == [f"{number:02}" for number in range(20)]


def test_jobs_of_one_millisecond_keep_the_order_of_their_ids(q):
    due = str(q.now())

    q.store.intake.push("q", [new_job(i, due=due) for i in ("c", "a", "b")])

    assert q.take("w", 3) == ["a", "b", "c"]


def test_relative_due_time_is_counted_by_the_clock_of_redis(q):
    before = q.now()
    q.push("a", due=f"+{HOUR}")

    assert q.places() == {"a": ["scheduled"]}
    assert before + HOUR <= q.score("scheduled", "a") <= q.now() + HOUR


def test_absolute_due_time_is_kept(q):
    due = q.now() + HOUR

    q.push("a", due=str(due))

    assert q.score("scheduled", "a") == due


def test_job_due_in_the_past_is_ready_at_once(q):
    q.push("later")

    q.push("earlier", due=str(q.now() - HOUR))

    assert q.take("w", 2) == ["earlier", "later"]


def test_push_rings_once_for_many_jobs(q):
    q.push("a", "b", "c")
    q.push("d")

    assert q.rings() == 1


def test_scheduled_job_rings_only_when_it_is_due_before_all_others(q):
    q.push("a", due=f"+{2 * HOUR}")
    assert q.rings() == 1

    q.silence()
    q.push("b", due=f"+{3 * HOUR}")
    assert q.rings() == 0

    q.push("c", due=f"+{HOUR}")
    assert q.rings() == 1


def test_push_of_what_is_known_rings_not(q):
    q.push("a")
    q.silence()

    q.push("a")

    assert q.rings() == 0


def test_thousand_jobs_go_in_one_push(q):
    assert q.push(*[f"{n:04}" for n in range(1000)]) == 1000

    assert len(q.ids("ready")) == 1000


def test_more_jobs_than_a_script_can_take_are_refused_before_anything_is_sent(q):
    with pytest.raises(ValueError, match="1,000"):
        q.push(*[f"{n:04}" for n in range(1001)])

    assert q.client.dbsize() == 0


def test_several_queues_take_one_round_trip(store):
    jobs = {name: [new_job(name)] for name in ("q1", "q2", "q3")}
    store.intake.push_all({"warm": [new_job("warm")]})
    before = reads(store)

    assert store.intake.push_all(jobs) == 3

    assert reads(store) - before == 2  # the push, and the question itself
    assert [SampleQueue(store, name).ids("ready") for name in jobs] == [["q1"], ["q2"], ["q3"]]


def test_push_to_several_queues_sent_again_does_nothing(store):
    jobs = {"q1": [new_job("a")], "q2": [new_job("b"), new_job("c")]}
    store.intake.push_all(jobs)

    assert store.intake.push_all(jobs) == 0


def test_several_queues_are_pushed_to_a_redis_that_knows_no_script(store):
    store.client.script_flush()

    assert store.intake.push_all({"q1": [new_job("a")], "q2": [new_job("b")]}) == 2


def test_push_to_a_redis_that_lost_the_scripts_is_done_once(store):
    q1, q2 = SampleQueue(store, "q1"), SampleQueue(store, "q2")
    jobs = {"q1": [new_job("a"), new_job("b")], "q2": [new_job("c")]}
    q1.push("a")
    store.client.script_flush()

    assert store.intake.push_all(jobs) == 2
    store.client.script_flush()
    assert store.intake.push_all(jobs) == 0

    assert (q1.ids("ready"), q2.ids("ready")) == (["a", "b"], ["c"])
    assert q1.rings() == q2.rings() == 1


def test_push_that_one_of_several_queues_refuses_is_not_taken_for_done(store):
    store.client.set(store.keys("q1").payloads, "of another type")

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        store.intake.push_all({"q1": [new_job("a")], "q2": [new_job("b")]})

    assert SampleQueue(store, "q2").ids("ready") == ["b"]


def test_push_to_several_queues_knows_the_scripts_from_then_on(store):
    store.client.script_flush()
    store.intake.push_all({"q1": [new_job("a")], "q2": [new_job("b")]})
    store.client.config_resetstat()

    store.intake.push_all({"q1": [new_job("c")], "q2": [new_job("d")]})

    calls = store.client.info("commandstats")
    assert calls["cmdstat_evalsha"]["calls"] == 2
    assert "cmdstat_eval" not in calls


def test_scripts_that_redis_lost_are_sent_again(q):
    q.push("a")
    q.client.script_flush()

    assert q.push("b") == 1


@pytest.mark.parametrize("key", ["payloads", "ready", "scheduled"])
def test_push_to_a_key_of_a_wrong_type_leaves_nothing_and_may_be_sent_again(q, key):
    wrong = getattr(q.keys, key)
    q.client.set(wrong, "of another type")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        q.push("a")
    q.client.delete(wrong)
    assert q.places() == {}

    assert q.push("a") == 1

    assert q.places() == {"a": ["ready"]}


def test_push_of_other_jobs_whose_ids_read_the_same_in_a_row_is_no_second_sending(q):
    """A middleware may give ids of its own.

    They need not be of the same length.
    """
    q.push("order-1", "order-12")

    assert q.push("order-1order", "-12") == 2
