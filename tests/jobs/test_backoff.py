"""How long a failed job waits."""

import pytest

from jobs.backoff import MAX_DELAY_SECONDS, default_backoff


def least(low, high):
    return low


def most(low, high):
    return high


@pytest.mark.parametrize(
    ("attempt", "shortest", "longest"),
    [(1, 15, 25), (2, 16, 36), (3, 31, 61), (10, 6576, 6676), (25, 331_791, 332_041)],
)
def test_delay_grows_by_the_fourth_power_with_a_random_part(attempt, shortest, longest):
    assert default_backoff(attempt, least) == shortest
    assert default_backoff(attempt, most) == longest


def test_delay_lies_between_its_bounds():
    delays = [default_backoff(3) for _ in range(100)]

    assert all(31 <= delay <= 61 for delay in delays)
    assert len(set(delays)) > 1


def test_25_retries_last_about_three_weeks():
    days = sum(default_backoff(attempt) for attempt in range(1, 26)) / 86_400

    assert 20 < days < 22


def test_delay_never_exceeds_a_year():
    assert default_backoff(10_000) == MAX_DELAY_SECONDS
