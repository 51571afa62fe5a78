"""Two things at once: what one thread learns while another is out with Redis."""

import threading
from dataclasses import replace

from jobs.worker import obstacles
from tests.jobs.worker.gate import GATED, QUICK, begun, gate
from tests.jobs.worker.made_jobs import client_of, place_of, push
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until


def test_bell_heard_while_another_thread_asks_other_queues_is_not_forgotten(
    store, worker_settings, monkeypatch
):
    """What that thread brings is older than the bell.

    The job once waited for a heartbeat beside two idle threads.
    """
    worker = make_worker(replace(worker_settings, heartbeat=30.0, lease=90.0), "default", "other")
    fetch = worker._store.running.fetch
    late: list[str] = []

    def fetch_slowly(queue, *args, **kwargs):
        if queue == "other" and gate.is_set() and not late:
            late.extend(push(store, job_class=QUICK))
            wait_until(lambda: not worker.buffer._duties.is_sleeping)
        return fetch(queue, *args, **kwargs)

    monkeypatch.setattr(worker._store.running, "fetch", fetch_slowly)
    with running(worker):
        push(store, job_class=GATED)
        wait_until(lambda: begun and worker.buffer._duties.is_sleeping)
        worker.buffer._prospect.note_anywhere()  # so that the next round asks every queue
        gate.set()

        wait_until(lambda: late)
        wait_until(lambda: place_of(store, late[0]) is None)


def test_units_go_back_while_another_queue_is_away(store, worker_settings):
    """Units once waited beside idle workers.

    Each round that only looked for what is owed began their time anew.
    """
    worker = make_worker(replace(worker_settings, concurrency=1, lease=60.0), "default", "away")
    worker.buffer._stock.mean_seconds = (
        0.000_1  # jobs were short so far, so the buffer takes many ahead
    )
    worker.buffer._fetcher._obstacles.away._queues.add(
        "away"
    )  # its node of a cluster does not answer
    push(store, job_class=GATED)
    waiting = push(store, job_class=QUICK, count=20)
    worker.buffer.custody.doubtful.add("away")
    with running(worker):
        wait_until(lambda: begun)

        wait_until(lambda: {place_of(store, job_id) for job_id in waiting} == {"ready"})
        gate.set()


def test_finished_job_of_a_refused_queue_keeps_no_thread_busy(store, worker_settings):
    """An idle thread once asked the other queues without a pause.

    It made one round trip after the other to the queues that are well.
    """
    worker = make_worker(replace(worker_settings, heartbeat=10.0, lease=60.0), "broken", "default")
    with running(worker):
        (held,) = push(store, "broken", job_class=GATED)
        wait_until(lambda: begun)
        keys = store.keys("broken")
        client_of(store).rename(keys.running, "aside")
        client_of(store).set(keys.running, "no hash")
        gate.set()
        wait_until(lambda: worker.buffer._fetcher._obstacles._refused_until)
        before, turned = worker.buffer.turns, threading.Event()
        turned.wait(0.5)
        turns = worker.buffer.turns - before

        client_of(store).rename("aside", keys.running)
        wait_until(lambda: place_of(store, held, "broken") is None)
    assert turns < 60


def test_only_queue_that_stays_refused_is_told_once(store, worker_settings, monkeypatch, caplog):
    """It was told each second, with a traceback.

    Between two refusals nothing was asked, which was taken for an answer.
    """
    monkeypatch.setattr(obstacles, "REFUSED_FOR", 0.3)
    client_of(store).set(store.keys("default").running, "no hash")
    worker = make_worker(worker_settings)
    visit, visits = worker.buffer._fetcher._visit, []

    def note_and_visit(*args):
        visits.append(args)
        return visit(*args)

    monkeypatch.setattr(worker.buffer._fetcher, "_visit", note_and_visit)
    with running(worker):
        wait_until(lambda: len(visits) > 2, timeout=20)

    assert caplog.text.count("worker.redis_away") == 1
    assert caplog.text.count("worker.queue_refused") == 1


def test_broken_bell_keeps_no_thread_busy(store, worker_settings):
    worker = make_worker(replace(worker_settings, heartbeat=10.0, lease=60.0))
    client_of(store).set(store.keys("default").bell, "no list")
    with running(worker):
        wait_until(lambda: worker.buffer.turns > 3)
        before, turned = worker.buffer.turns, threading.Event()
        turned.wait(0.5)
        turns = worker.buffer.turns - before

        (job_id,) = push(store, job_class=QUICK)
        wait_until(lambda: place_of(store, job_id) is None)
    assert turns < 60


def test_redis_that_forgot_many_ends_at_once_ends_no_thread(
    store, worker_settings, caplog, monkeypatch
):
    """For n forgotten jobs, n times n were once sent again.

    Each of them had all sent again that had travelled with it. A thread died of the number.
    """
    monkeypatch.setattr("jobs.worker.custody.REMEMBERED", 60.0)
    worker = make_worker(replace(worker_settings, lease=60.0))
    worker.buffer._stock.mean_seconds = 0.000_1
    keys, client = store.keys("default"), client_of(store)
    with running(worker):
        push(store, job_class=QUICK, count=400)
        wait_until(lambda: not client.hlen(keys.payloads))
        wait_until(lambda: worker.buffer.is_idle)
        endings = [ending for ending in worker.buffer.custody._recent if ending.send is None]
        ended = [unit for ending in endings for unit in ending.units]
        client.hset(keys.payloads, mapping={unit.id: unit.raw for unit in ended})
        client.hset(keys.running, mapping={unit.id: f"{unit.token}|1" for unit in ended})

        worker.buffer.note_outage()

        wait_until(lambda: not client.hlen(keys.payloads))
        wait_until(lambda: worker.buffer.is_idle)
        assert len(ended) == 400
        assert all(thread.is_alive() for thread in worker.crew.threads)
    assert "worker.lost_jobs" not in caplog.text
