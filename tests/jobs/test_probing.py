"""Who asks a Redis that did not answer."""

import pytest

from jobs import StoreUnavailable
from jobs.probing import PAUSE, Probing

TIMEOUT = 1.0
AWAY = StoreUnavailable("redis://there", OSError("refused"))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def probing(clock) -> Probing:
    return Probing(TIMEOUT, clock)


def test_everybody_pushes_while_redis_answers(probing):
    assert [probing.reason_to_wait() for _ in range(2)] == [None, None]


def test_nobody_pushes_for_a_moment_after_a_failure(probing, clock):
    probing.has_failed(AWAY)

    clock.advance(PAUSE - 0.1)

    assert probing.reason_to_wait() is AWAY


def test_one_tries_and_the_others_wait_for_what_it_finds(probing, clock):
    probing.has_failed(AWAY)
    clock.advance(PAUSE)

    assert probing.reason_to_wait() is None
    clock.advance(TIMEOUT)
    assert probing.reason_to_wait() is AWAY

    probing.has_succeeded()
    assert probing.reason_to_wait() is None


def test_another_tries_where_nobody_hears_of_the_first(probing, clock):
    probing.has_failed(AWAY)
    clock.advance(PAUSE)
    probing.reason_to_wait()

    clock.advance(TIMEOUT + PAUSE)

    assert probing.reason_to_wait() is None
