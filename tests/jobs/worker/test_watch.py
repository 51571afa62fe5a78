"""Who is dead, by the watcher's own clock and nobody else's."""

import pytest

from jobs.store import Lease, Terms
from jobs.worker.watch import Watch

HEARTBEAT, LEASE = 5.0, 15.0


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock) -> Watch:
    return Watch(HEARTBEAT, clock)


def lease(score: int, worker: str = "w", seconds: float = LEASE) -> Lease:
    return Lease(worker, str(score), Terms(seconds))


def look_each_heartbeat(watch, clock, times: int, *leases: Lease) -> list[int]:
    """Look so many times, and return at which of them somebody was dead."""
    dead = []
    for number in range(times):
        if watch.look(leases):
            dead.append(number)
        clock.now += HEARTBEAT
    return dead


def test_worker_is_dead_when_its_lease_stood_still_for_as_long_as_it_is(watch, clock):
    assert look_each_heartbeat(watch, clock, 4, lease(1)) == [3]


def test_score_may_lie_in_the_past_or_the_future_of_any_clock(watch, clock):
    for score in (1, 10**15):
        watch.lose_sight()
        assert look_each_heartbeat(watch, clock, 3, lease(score)) == []


def test_worker_that_renews_is_never_dead(watch, clock):
    for score in range(1, 50):
        assert watch.look([lease(score)]) == []
        clock.now += HEARTBEAT


def test_worker_with_a_longer_lease_is_given_longer(watch, clock):
    assert look_each_heartbeat(watch, clock, 8, lease(1, "long", 30.0)) == [6, 7]


def test_watcher_that_was_frozen_has_seen_one_heartbeat_pass(watch, clock):
    watch.look([lease(1)])
    clock.now += 3600

    assert watch.look([lease(1)]) == []


def test_watcher_that_was_cut_off_begins_again(watch, clock):
    look_each_heartbeat(watch, clock, 3, lease(1))
    watch.lose_sight()

    assert look_each_heartbeat(watch, clock, 4, lease(1)) == [3]


def test_slow_answer_begins_again_as_well(watch, clock):
    look_each_heartbeat(watch, clock, 3, lease(1))

    assert watch.look([lease(1)], took=0.3) == []
    clock.now += HEARTBEAT
    assert look_each_heartbeat(watch, clock, 3, lease(1)) == [2]


def test_worker_that_was_given_up_is_dead_at_once(watch):
    [dead] = watch.look([lease(0), lease(1, "other")])

    assert dead.worker == "w"


def test_each_worker_is_seen_by_itself(watch, clock):
    watch.look([lease(1, "old")])
    clock.now += HEARTBEAT
    look_each_heartbeat(watch, clock, 2, lease(1, "old"), lease(1, "new"))

    assert [dead.worker for dead in watch.look([lease(1, "old"), lease(1, "new")])] == ["old"]


def test_worker_with_a_lease_shorter_than_our_heartbeat_outlives_a_freeze_of_both(watch, clock):
    """One gap counted as a heartbeat, which was more than its whole lease."""
    watch.look([lease(1, "short", 3.0)])
    clock.now += 3600

    assert watch.look([lease(1, "short", 3.0)]) == []
