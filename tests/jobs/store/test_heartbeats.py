"""The desk for heartbeats.

Redis' clock tells who is alive. A worker that is gone is forgotten.
"""

import time

from jobs.store.heartbeats import FORGET_AFTER, MOST_FORGOTTEN, Heartbeats
from jobs.store.reader import Reader
from tests.waiting import wait_until


def listed(store):
    return {raw.decode() for raw in store.client.zrange(store.shared.workers, 0, -1)}


def test_a_beat_shows_a_worker_until_its_time_is_up(store):
    Heartbeats(store).beat("w", {"host": "web1"}, 60)

    assert Reader(store).workers()["w"].facts == {b"host": b"web1"}
    assert 0 < store.client.pttl(store.shared.worker("w")) <= 60_000

    store.client.pexpire(store.shared.worker("w"), 1)
    wait_until(lambda: Reader(store).workers() == {})


def test_a_worker_that_is_forgotten_leaves_nothing(store):
    Heartbeats(store).beat("w", {"host": "web1"}, 60)

    Heartbeats(store).forget("w")

    assert store.client.keys("*") == []


def test_a_worker_whose_clock_is_two_hours_behind_was_seen_now(store, monkeypatch):
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 7200)
    Heartbeats(store).beat("w", {"host": "web1"}, 60)

    assert abs(store.client.zscore(store.shared.workers, "w") - real()) < 5


def test_a_beat_forgets_machines_that_died_long_ago_but_a_bounded_number(store):
    long_ago = time.time() - FORGET_AFTER - 10
    dead = {f"dead{n}": long_ago + n / 1000 for n in range(MOST_FORGOTTEN + 50)}
    store.client.zadd(store.shared.workers, dead | {"silent": time.time() - FORGET_AFTER + 10})

    Heartbeats(store).beat("w", {"host": "web1"}, 60)
    assert len(listed(store)) == 52

    Heartbeats(store).beat("w", {"host": "web1"}, 60)
    assert listed(store) == {"w", "silent"}


def test_a_name_that_is_not_utf_8_can_be_shown_and_forgotten(store):
    Heartbeats(store).beat("w\udcff", {"host": "web1"}, 60)
    assert list(Reader(store).workers()) == ["w\udcff"]

    Heartbeats(store).forget("w\udcff")
    assert Reader(store).workers() == {}
