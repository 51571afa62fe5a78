"""Tests of the queues as people see them."""

import time

import pytest

from jobs import inspect
from tests.jobs.inspect.filling import fetch, fill, push, put


def queue_named(name, reader):
    return next(queue for queue in inspect.queues(reader) if queue.name == name)


def test_queues_of_the_settings_come_first_in_their_order(store, reader, settings):
    settings.JOBS = {"QUEUES": ["urgent,5", "default,1"]}
    store.intake.announce_queues(["zebra", "default", "apple"])

    assert inspect.queue_names(reader) == ["urgent", "default", "apple", "zebra"]


def test_queue_that_was_never_used_is_shown_with_zeros(reader):
    queue = queue_named("default", reader)

    assert (queue.ready, queue.running, queue.scheduled, queue.retry, queue.dead, queue.done) == (
        0,
        0,
        0,
        0,
        0,
        0,
    )
    assert (queue.processed, queue.failed, queue.is_paused, queue.latency_seconds) == (
        0,
        0,
        False,
        0.0,
    )


def test_every_place_of_a_queue_is_counted(store, reader):
    fill(store, "default")
    push(store, "other", count=3)

    queue = queue_named("default", reader)

    assert (queue.ready, queue.running, queue.scheduled, queue.retry, queue.dead, queue.done) == (
        1,
        1,
        1,
        1,
        1,
        1,
    )
    assert (queue.processed, queue.failed) == (4, 2)
    assert queue_named("other", reader).ready == 3


def test_paused_queue_is_shown_as_paused(store, reader):
    store.client.hset(store.keys("default").meta, "paused", 1)

    assert queue_named("default", reader).is_paused


@pytest.mark.parametrize("priority", [-100, 0, 100])
def test_latency_is_the_age_of_the_oldest_ready_job(store, reader, priority):
    push(store, priority=priority, ago=10)
    push(store, priority=priority, ago=300)
    push(store, priority=priority)

    assert queue_named("default", reader).latency_seconds == pytest.approx(300, abs=5)


def test_latency_looks_behind_jobs_of_higher_priority(store, reader):
    push(store, priority=100, ago=20)
    push(store, priority=1, ago=5)
    push(store, priority=0, ago=900, count=2)
    push(store, priority=-100, ago=40)

    assert queue_named("default", reader).latency_seconds == pytest.approx(900, abs=5)


def test_latency_finds_the_oldest_job_when_every_priority_is_in_use(store, reader):
    for priority in range(-100, 101):
        push(store, priority=priority, ago=1000 + priority)

    assert queue_named("default", reader).latency_seconds == pytest.approx(1100, abs=5)


def test_latency_of_each_queue_is_its_own(store, reader):
    push(store, "default", ago=50)
    push(store, "high", priority=5, ago=700)
    push(store, "high", priority=6, ago=70)

    assert queue_named("default", reader).latency_seconds == pytest.approx(50, abs=5)
    assert queue_named("high", reader).latency_seconds == pytest.approx(700, abs=5)


def test_jobs_that_run_or_are_not_due_yet_have_no_latency(store, reader):
    push(store, ago=100)
    fetch(store)
    push(store, ago=-100)

    assert queue_named("default", reader).latency_seconds == 0.0


@pytest.mark.parametrize("name", ["scheduled", "retry"])
def test_latency_counts_jobs_that_are_due_and_not_ready_yet(store, reader, name):
    """Without a worker nobody makes them ready, and the latency was told as 0."""
    put(store, name, at=time.time() - 300)
    put(store, name, at=time.time() + 300)

    assert queue_named("default", reader).latency_seconds == pytest.approx(300, abs=5)


def test_latency_is_that_of_the_job_that_has_waited_longest_in_any_set(store, reader):
    push(store, ago=100)
    put(store, "scheduled", at=time.time() - 200)
    put(store, "retry", at=time.time() - 50)

    assert queue_named("default", reader).latency_seconds == pytest.approx(200, abs=5)


@pytest.mark.parametrize("score", ["-inf", "inf"])
def test_latency_is_a_number_whatever_a_due_time_is(store, reader, score):
    job_id = put(store, "retry")
    store.client.zadd(store.keys("default").retry, {job_id: score})

    assert 0 <= queue_named("default", reader).latency_seconds <= time.time()


def test_job_put_back_by_a_repair_does_not_seem_to_wait_since_1970(store, reader):
    [job_id] = push(store)
    store.client.zrem(store.keys("default").ready, job_id)
    store.sets.audit("default", [job_id], repair=True)
    push(store, ago=30)

    queue = queue_named("default", reader)

    assert queue.ready == 2
    assert queue.latency_seconds == pytest.approx(30, abs=5)


def test_clock_that_is_ahead_gives_no_negative_latency(store, reader):
    [job_id] = push(store)
    store.client.zadd(
        store.keys("default").ready, {job_id: 100 * 2**44 + round((time.time() + 60) * 1000)}
    )

    assert queue_named("default", reader).latency_seconds == 0.0


@pytest.mark.parametrize("band", [0, 100, 200])
def test_look_ends_where_somebody_has_written_a_fraction_of_a_score(
    store, reader, band, monkeypatch
):
    push(store, priority=-100, ago=30)
    store.client.zadd(store.keys("default").ready, {"strange": band * 2**44 + 0.5})
    hops, ask = iter(range(10)), reader.ask

    def ask_a_few_times(questions):
        assert next(hops, None) is not None, "it looks at the same place for ever"
        return ask(questions)

    monkeypatch.setattr(reader, "ask", ask_a_few_times)

    assert queue_named("default", reader).latency_seconds == pytest.approx(30, abs=5)


def test_work_of_redis_does_not_grow_with_the_number_of_jobs(store, reader):
    def commands_for_a_look():
        before = store.client.info("stats")["total_commands_processed"]
        inspect.queues(reader)
        return store.client.info("stats")["total_commands_processed"] - before

    push(store, count=1)
    few = commands_for_a_look()
    push(store, count=5000)

    assert commands_for_a_look() == few
