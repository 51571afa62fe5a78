"""acquire.lua and extend.lua: leases of different length, clocks, a full Redis."""

import pytest
import redis

from jobs.store import Slots
from tests.waiting import wait_until

HOUR_MS = 3600 * 1000


@pytest.fixture
def slots(store):
    return Slots(store, "gateway")


@pytest.fixture
def holders(store, slots):
    """Return the tokens that Redis has for the limit, with their deadlines in ms."""
    return lambda: dict(store.client.zrange(slots._keys.holders, 0, -1, withscores=True))


def test_shorter_lease_of_another_holder_frees_no_slot(slots):
    slots.acquire("long", 2, 60)
    slots.acquire("short", 2, 0.05)

    wait_until(lambda: slots.acquire("second", 2, 60))  # the short lease is over

    assert slots.acquire("third", 2, 60) == 0


def test_renewal_of_a_shorter_lease_frees_no_slot(slots):
    slots.acquire("long", 2, 60)
    slots.acquire("short", 2, 60)
    slots.extend("short", 0.05)

    wait_until(lambda: slots.acquire("second", 2, 60))

    assert slots.acquire("third", 2, 60) == 0


def test_key_goes_away_with_its_last_holder(store, slots):
    slots.acquire("long", 2, 60)
    slots.acquire("short", 2, 1)

    assert 30_000 < store.client.pttl(slots._keys.holders) <= 60_000


def test_renewal_keeps_the_key_for_the_longer_lease(store, slots):
    slots.acquire("a", 1, 1)

    assert slots.extend("a", 60)

    assert 30_000 < store.client.pttl(slots._keys.holders) <= 60_000


def test_lease_that_ran_out_is_not_extended(store, slots):
    slots.acquire("a", 1, 60)
    store.client.zadd(slots._keys.holders, {"a": store.client.time()[0] * 1000 - 1})

    assert not slots.extend("a", 60)


def test_clock_that_was_set_back_keeps_a_dead_holder_for_its_lease_only(store, slots):
    slots.acquire("dead:100", 1, 0.1)
    _set_clock_back(store, slots)

    wait_until(lambda: slots.acquire("next:100", 1, 0.1))


def test_clock_that_was_set_back_costs_a_living_holder_nothing(store, slots, holders):
    slots.acquire("living:60000", 1, 60)
    _set_clock_back(store, slots)

    assert slots.acquire("next:100", 1, 0.1) == 0

    now_ms = store.client.time()[0] * 1000
    assert now_ms + 58_000 < holders()[b"living:60000"] < now_ms + 62_000
    assert slots.extend("living:60000", 60)


def test_holder_of_unknown_lease_is_left_alone(store, slots, holders):
    slots.acquire("by-another-version", 1, 0.1)
    _set_clock_back(store, slots)
    before = holders()

    assert slots.acquire("next:100", 1, 0.1) == 0

    assert holders() == before


def _set_clock_back(store, slots):
    """Make it an hour earlier than when the slots were taken."""
    for token in store.client.zrange(slots._keys.holders, 0, -1):
        store.client.zincrby(slots._keys.holders, HOUR_MS, token)
    store.client.pexpire(slots._keys.holders, 2 * HOUR_MS)


@pytest.fixture
def full_redis(store):
    """Return a function that leaves no memory to Redis, until the test is over."""
    yield lambda: store.client.config_set("maxmemory", 1)
    store.client.config_set("maxmemory", 0)


def test_full_redis_takes_no_lock_away_and_keeps_no_job_from_running(store, slots, full_redis):
    slots.acquire("a", 1, 60)
    full_redis()
    with pytest.raises(redis.OutOfMemoryError):
        store.client.set("more", "data")

    assert slots.extend("a", 60)
    slots.release("a")
    assert slots.acquire("b", 1, 60)
