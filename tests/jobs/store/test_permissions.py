"""What Redis does not allow its user is named, with the remedy."""

from urllib.parse import urlsplit

import pytest
import redis

from jobs.errors import QueueFull
from jobs.store import Claim, NewJob, Store, permissions
from jobs.store.whereabouts import Whereabouts
from tests.jobs.store.sample_queue import SampleQueue, new_job, raw_payload

pytestmark = pytest.mark.redis


@pytest.fixture
def limited(store, redis_url):
    """Return a function that makes a user with the documented rights.

    It takes rules that change them, and returns a store for that user.
    """
    stores = []

    def limit(*changes: str, commands=permissions.ALL) -> Store:
        store.client.acl_deluser("limited")
        rules = permissions.rules(commands).split()
        store.client.execute_command("ACL", "SETUSER", "limited", "on", ">pw", *rules, *changes)
        parts = urlsplit(redis_url)
        stores.append(Store(f"redis://limited:pw@{parts.hostname}:{parts.port}/0", timeout=5))
        return stores[-1]

    yield limit
    for made in stores:
        made.close()
    store.client.acl_deluser("limited")


def refusals(store: Store) -> list[str]:
    return [warning for warning in store.check_server() if "Redis" in warning.split()[:1]]


def test_user_who_may_do_everything_is_warned_of_nothing(store):
    assert store.check_permissions() == []


def test_user_with_the_documented_rights_is_warned_of_nothing(limited):
    assert refusals(limited()) == []


def test_user_with_the_documented_rights_may_limit_a_queue(limited):
    q = SampleQueue(limited())
    q.store.sets.limit("q", 1)
    q.push("a", "b")
    q.take("w", 1)
    q.silence()

    q.store.running.fail("q", q.token("a"), "a", raw_payload("a"), "discard")

    assert q.rings() == 1
    assert q.take("v", 2) == ["b"]


def test_user_who_only_enqueues_may_meet_a_bound(limited):
    intake = limited(commands=permissions.ENQUEUE).intake
    intake.push("q", [new_job("a")], bound=2)
    intake.push("q", [NewJob("b", b"", 0, claim=Claim("key"))], bound=2)

    assert intake.size("q") == 2
    for job in (new_job("c"), NewJob("d", b"", 0, claim=Claim("other"))):
        with pytest.raises(QueueFull):
            intake.push("q", [job], bound=2)


@pytest.mark.parametrize("command", sorted(permissions.ALL - {"eval"}))
def test_every_right_that_is_missing_is_named(limited, command):
    (warning,) = refusals(limited(f"-{command}"))

    assert f"Give the user these rights: +{command}. " in warning
    assert "docs/security.md" in warning


def test_all_that_is_missing_is_named_in_one_sentence(limited):
    (warning,) = refusals(limited("-bitfield", "-client|unblock", "-info"))

    assert "+bitfield +client|unblock +info." in warning


def test_user_who_may_run_no_scripts_is_told_so(limited):
    warnings = refusals(limited("-eval"))

    assert all("'eval'" in warning and "docs/security.md" in warning for warning in warnings)
    assert warnings


@pytest.mark.parametrize(
    ("allowed", "key"), [("~jobs:*", "{jobs:default}:ready"), ("~{jobs:*", "jobs:queues")]
)
def test_keys_that_the_user_may_not_use_are_named(limited, allowed, key):
    (warning,) = refusals(limited("resetkeys", allowed))

    assert f"scripts on keys like {key}:" in warning


def test_less_is_needed_by_who_does_less(limited):
    store = limited(commands=permissions.VIEW)

    assert store.check_permissions(permissions.VIEW) == []
    (warning,) = store.check_permissions(permissions.ENQUEUE)
    assert "+exists +get +hdel +hset +llen +rpush +sadd +set +zadd +zrem." in warning


def test_who_waits_for_results_needs_four_rights_more_than_who_enqueues(limited):
    rights = {*permissions.ENQUEUE, "hget", "hstrlen", "smembers", "zscore"}
    store = limited(commands=rights)
    store.intake.push("q", [new_job("a")])

    assert Whereabouts(store).queue_of("a", ["q"]) == "q"
    assert Whereabouts(store).look("q", "a").place == "ready"


def test_looking_at_the_rights_changes_nothing(store, limited):
    limited().check_server()

    assert store.client.dbsize() == 0


def test_refusal_in_a_script_is_told_from_other_errors(store, limited):
    client = limited("-set").client
    with pytest.raises(redis.ResponseError) as refused:
        client.eval("return redis.call('SET', KEYS[1], 1)", 1, "jobs:x")
    with pytest.raises(redis.ResponseError) as broken:
        client.eval("return redis.call('HGET', KEYS[1])", 1, "jobs:x")

    assert permissions.is_forbidden(refused.value)
    assert not permissions.is_forbidden(broken.value)
