"""When failures came, and what deploy they followed."""

import pytest

from jobs.inspect.failure_times import SLOTS, SPANS, failure_times
from jobs.inspect.metrics import Deploy
from jobs.moment import moment

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("age", "span"),
    [(0, 3_600), (3_000, 3_600), (3_500, 28_800), (86_400, 259_200), (10**9, SPANS[-1])],
)
def test_the_span_is_as_short_as_it_can_be_and_shows_what_was_before(age, span):
    assert failure_times([NOW - age, NOW], (), NOW).span_seconds == span


def test_failures_are_counted_in_their_slots():
    found = failure_times([NOW - 3_000, NOW - 3_000, NOW - 119, NOW], (), NOW)

    assert sum(found.counts) == 4
    assert (found.counts[5], found.counts[-1]) == (2, 2)
    assert len(found.counts) == SLOTS
    assert found.slot_of(moment(NOW - 3_000)) == 5


def test_a_time_that_cannot_be_is_not_counted():
    assert sum(failure_times([0.0, NOW + 9_999, NOW], (), NOW).counts) == 1


def test_the_deploy_soon_before_the_first_failure_is_the_suspect():
    old, last, later = (Deploy(moment(NOW - ago), f"v{ago}") for ago in (9_000, 2_000, 100))

    found = failure_times([NOW - 1_900, NOW - 10], (old, last, later), NOW)

    assert found.suspect == last
    assert found.deploys == (last, later)
    assert failure_times([NOW - 1_900], (old,), NOW).suspect is None
    assert failure_times([NOW - 2_100], (last,), NOW).suspect is None
