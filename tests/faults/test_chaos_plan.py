"""A seed says it all: what breaks, when, and whom it strikes."""

from collections import Counter
from itertools import pairwise

import pytest

from benchmarks.chaos.plan import REDIS, RESPITE, What, make_plan

LEASE = 3.0


def test_seed_makes_the_same_plan_again_and_another_makes_another():
    assert make_plan(7, 120, 3, LEASE) == make_plan(7, 120, 3, LEASE)
    assert make_plan(7, 120, 3, LEASE) != make_plan(8, 120, 3, LEASE)


def test_longer_drill_begins_like_the_shorter_one():
    short = make_plan(7, 60, 3, LEASE)

    assert make_plan(7, 120, 3, LEASE)[: len(short)] == short


def test_five_minutes_see_every_fault_at_least_twice():
    plan = make_plan(1, 300, 3, LEASE)

    counts = Counter(fault.what for fault in plan)
    assert min(counts[what] for what in What) >= 2


@pytest.mark.parametrize("seed", range(5))
def test_target_has_one_fault_at_a_time(seed):
    for target in (REDIS, 0, 1, 2):
        faults = [fault for fault in make_plan(seed, 300, 3, LEASE) if fault.target == target]
        for first, second in pairwise(faults):
            assert second.at >= first.at + first.seconds + RESPITE


@pytest.mark.parametrize("seed", range(5))
def test_no_freeze_is_about_as_long_as_the_lease(seed):
    for fault in make_plan(seed, 300, 3, LEASE):
        if fault.what.is_freeze:
            assert fault.seconds <= 0.6 * LEASE or fault.seconds >= 1.4 * LEASE


@pytest.mark.parametrize("seed", range(5))
def test_only_faults_of_redis_strike_redis(seed):
    for fault in make_plan(seed, 300, 3, LEASE):
        assert (fault.target == REDIS) == ("Redis" in fault.what.text)
