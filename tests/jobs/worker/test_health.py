"""What stands still, counted in looks."""

from dataclasses import replace

from jobs.worker import health
from jobs.worker.health import Pulse
from tests.jobs.worker.gate import gate
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until


def test_counter_that_turns_is_never_still():
    pulse = Pulse(2)

    assert not any(pulse.is_still(number) for number in range(100))


def test_counter_that_stands_is_still_after_so_many_looks():
    pulse = Pulse(2)

    assert [pulse.is_still(7) for _ in range(5)] == [False, False, False, True, True]


def test_nothing_is_still_while_no_turn_is_due():
    pulse = Pulse(2)

    assert not any(pulse.is_still(7, is_due=False) for _ in range(10))
    assert not pulse.is_still(7)


def test_idle_worker_with_a_long_heartbeat_is_not_broken(store, worker_settings, monkeypatch):
    """It sleeps for a heartbeat at a time.

    A heartbeat of more than a minute was once taken for a loop that stands still.
    """
    monkeypatch.setattr(health, "MOST_LOOKS", 5)
    worker = make_worker(replace(worker_settings, heartbeat=1.0, lease=2.0))
    with running(worker):
        wait_until(lambda: worker.buffer._duties.is_sleeping)

        assert not any(worker._health._fetch_pulse.is_still(worker.buffer.turns) for _ in range(50))


def test_worker_that_finds_nothing_to_do_goes_on_turning(store, worker_settings):
    """An idle worker asks nothing but the bells, with a fetch behind each.

    Its sleeps were once no turns: after a minute it took itself for broken and was replaced.
    """
    worker = make_worker(replace(worker_settings, heartbeat=0.2, lease=10.0))
    with running(worker):
        wait_until(lambda: worker.buffer._duties.is_sleeping)
        before = worker.buffer.turns

        wait_until(lambda: worker.buffer.turns > before + 3)


def test_worker_that_goes_slowly_from_queue_to_queue_goes_on_turning(
    store, worker_settings, monkeypatch
):
    """With a slow Redis and many queues one round takes minutes.

    The process was taken for broken, and so was the one that took its place.
    """
    worker = make_worker(worker_settings, "high", "default")
    fetch, asked = worker._store.running.fetch, []

    def fetch_slowly(queue, *args, **kwargs):
        asked.append(queue)
        if queue == "default":
            assert gate.wait(10)
        return fetch(queue, *args, **kwargs)

    monkeypatch.setattr(worker._store.running, "fetch", fetch_slowly)
    with running(worker):
        wait_until(lambda: "default" in asked)

        assert worker.buffer._duties.turns == 0  # the round is not over
        assert worker.buffer.turns > 0
        gate.set()
