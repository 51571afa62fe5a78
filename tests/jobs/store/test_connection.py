"""Connections: what a URL opens, how long it may take, and how every kind of absence is told."""

import time
from contextlib import contextmanager

import pytest
import redis

from jobs.errors import ConfigurationError, StoreUnavailable
from jobs.store import Store
from jobs.store.connection import hide_password
from jobs.store.store import judge
from tests.conftest import free_port
from tests.jobs.store.sample_queue import SampleQueue, new_job, raw_payload
from tests.jobs.store.servers import running_server, silent_server
from tests.waiting import wait_until

TIMEOUT = 0.2


@contextmanager
def no_answer_within(seconds):
    """Expect StoreUnavailable, soon."""
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as raised:
        yield raised
    assert time.monotonic() - started < seconds


@pytest.fixture
def small_server(tmp_path):
    """Return a client of a server whose settings a test may spoil."""
    with running_server(tmp_path) as port, redis.Redis(port=port) as client:
        yield client


def store_of(client):
    return Store(f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}/0", timeout=2)


# Nobody there


def test_nobody_listens():
    url = f"redis://127.0.0.1:{free_port()}/0"

    with no_answer_within(1) as raised:
        Store(url, timeout=TIMEOUT).push("q", [new_job("a")])

    assert url in str(raised.value)
    assert raised.value.url == url
    assert "manage.py devredis" in str(raised.value)


def test_server_that_never_answers():
    with silent_server() as port, no_answer_within(1):
        Store(f"redis://127.0.0.1:{port}/0", timeout=TIMEOUT).push("q", [new_job("a")])


def test_server_that_hangs_later(small_server):
    store = Store(f"redis://127.0.0.1:{small_server.connection_pool.connection_kwargs['port']}/0", timeout=TIMEOUT)
    store.push("q", [new_job("a")])

    small_server.execute_command("CLIENT", "PAUSE", 2000, "ALL")

    with no_answer_within(1):
        store.fetch("q", "w", 1, lease=15, join=True)


def test_sentinels_that_never_answer():
    with silent_server() as port, no_answer_within(2):
        Store(f"redis+sentinel://127.0.0.1:{port}/mymaster/0", timeout=TIMEOUT).push("q", [new_job("a")])


def test_no_sentinel_listens():
    ports = [free_port(), free_port()]

    with no_answer_within(1) as raised:
        url = f"redis+sentinel://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}/mymaster/0"
        Store(url, timeout=TIMEOUT).push("q", [new_job("a")])

    assert f"127.0.0.1:{ports[0]}" in str(raised.value)


def test_no_node_of_a_cluster_listens():
    with no_answer_within(2):
        Store(f"redis+cluster://127.0.0.1:{free_port()}", timeout=TIMEOUT).push("q", [new_job("a")])


def test_cluster_that_never_answers():
    with silent_server() as port, no_answer_within(2):
        Store(f"redis+cluster://127.0.0.1:{port}", timeout=TIMEOUT).push("q", [new_job("a")])


def test_server_that_is_no_cluster(redis_url):
    with no_answer_within(2):
        Store(redis_url.replace("redis://", "redis+cluster://"), timeout=TIMEOUT).push("q", [new_job("a")])


# There, but of no use now


def test_wrong_password_is_told_without_it(small_server):
    small_server.config_set("requirepass", "correct")
    port = small_server.connection_pool.connection_kwargs["port"]

    with no_answer_within(1) as raised:
        Store(f"redis://user:wrong-secret@127.0.0.1:{port}/0", timeout=TIMEOUT).push("q", [new_job("a")])

    assert f"redis://***@127.0.0.1:{port}/0" in str(raised.value)
    assert "wrong-secret" not in str(raised.value)


def test_password_that_is_missing(small_server):
    store = store_of(small_server)
    small_server.config_set("requirepass", "correct")

    with no_answer_within(1):
        store.push("q", [new_job("a")])


def test_full_server_takes_nothing_and_gives_nothing_away(small_server):
    store = store_of(small_server)
    q = SampleQueue(store)
    q.push("running", "waiting")
    q.take("w", 1)
    before = q.places()
    small_server.config_set("maxmemory", "1mb")

    with no_answer_within(1):
        q.push("new")
    with no_answer_within(1):
        q.take("w", 1)

    assert q.places() == before


def test_push_to_a_full_server_counts_when_it_is_sent_again_later(small_server):
    q = SampleQueue(store_of(small_server))
    small_server.config_set("maxmemory", "1mb")
    with no_answer_within(1):
        q.push("a")
    small_server.config_set("maxmemory", "0")

    assert q.push("a") == 1


def test_full_server_lets_go_of_what_is_done(small_server):
    q = SampleQueue(store_of(small_server))
    q.push("done", "failed", "given back")
    q.take("w", 3)
    small_server.config_set("maxmemory", "1mb")

    assert q.fetch("w", 0, finished=["done"], join=False).lost == []
    assert q.store.fail("q", "w", "failed", raw_payload("failed"), "retry", delay_seconds=60)
    assert q.store.release("q", "w", [("given back", b"")]) == 1

    assert q.places() == {"failed": ["retry"], "given back": ["ready"]}


def test_replica_that_may_not_be_written(small_server):
    store = store_of(small_server)
    store.push("q", [new_job("a")])
    small_server.replicaof("127.0.0.1", free_port())

    with no_answer_within(1):
        store.push("q", [new_job("b")])


def test_server_that_wants_more_replicas(small_server):
    store = store_of(small_server)
    small_server.config_set("min-replicas-to-write", 1)

    with no_answer_within(1):
        store.push("q", [new_job("a")])


def test_server_that_cannot_write_to_its_disk(small_server, tmp_path):
    store = store_of(small_server)
    small_server.config_set("save", "3600 1")
    (tmp_path / "dump.rdb").mkdir()
    small_server.bgsave()
    wait_until(lambda: small_server.info("persistence")["rdb_last_bgsave_status"] == "err")

    with no_answer_within(1) as raised:
        store.push("q", [new_job("a")])

    assert "MISCONF" in str(raised.value)


def test_server_that_is_busy_with_a_script(small_server):
    store = store_of(small_server)
    store.push("q", [new_job("a")])
    small_server.config_set("busy-reply-threshold", 10)
    other = small_server.connection_pool.get_connection()
    other.send_command("EVAL", "while true do end", 0)

    with no_answer_within(3) as raised:
        store.push("q", [new_job("b")])

    assert "BUSY" in str(raised.value)
    small_server.script_kill()
    other.disconnect()
    small_server.connection_pool.release(other)


def test_fault_of_our_own_is_not_called_an_absence(store):
    store.client.set(store.keys("q").ready, "no sorted set")

    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        store.push("q", [new_job("a")])


# Back again


def test_connections_that_broke_while_idle_are_replaced(q, redis_url):
    q.push("a")
    with redis.Redis.from_url(redis_url) as other:
        assert other.client_kill_filter(_type="normal", skipme=True) >= 1

    assert q.push("b") == 1


# URLs


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("redis://:secret@host:6379/0", "redis://***@host:6379/0"),
        ("redis://user:secret@host/1", "redis://***@host/1"),
        ("redis://user:se@cret@host/1", "redis://***@host/1"),
        ("redis://user:se/cret@host/1", "redis://***@host/1"),
        ("redis+sentinel://user:secret@a:1,b:2/service/0", "redis+sentinel://***@a:1,b:2/service/0"),
        ("unix://user:secret@/run/redis.sock?db=1", "unix://***@/run/redis.sock?db=1"),
        ("redis://host/0?password=secret&db=1", "redis://host/0?password=***&db=1"),
    ],
)
def test_password_is_never_shown(url, shown):
    assert hide_password(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://[::1",
        "redis://localhost:port/0",
        "redis+sentinel://localhost:26379",
        "redis+sentinel://localhost:port/service",
    ],
)
def test_url_of_an_unknown_form_is_a_configuration_error(url):
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Store(url)


def test_url_of_a_sentinel_without_service_says_how_to_write_it():
    with pytest.raises(ConfigurationError, match=r"redis\+sentinel://host:26379,host2:26379/service/0"):
        Store("redis+sentinel://localhost:26379")


def test_database_in_the_url_is_used(redis_url):
    url = redis_url.removesuffix("/0") + "/7"
    store = Store(url)

    store.push("q", [new_job("a")])

    with redis.Redis.from_url(url) as client:
        assert client.dbsize() > 0
    store.close()


def test_namespaces_share_nothing(redis_url):
    one, two = Store(redis_url, "one"), Store(redis_url, "two")

    one.push("q", [new_job("a")])

    assert two.fetch("q", "w", 1, lease=15, join=True).jobs == []
    one.close()
    two.close()


def test_closed_store_opens_again(q):
    q.push("a")
    q.store.close()

    assert q.push("b") == 1


# The server


def info(**changes):
    return {"redis_version": "7.0.0", "maxmemory_policy": "noeviction", "aof_enabled": 1} | changes


@pytest.mark.parametrize("version", ["7.0.0", "7.2.4", "8.0.1", "10.1"])
def test_redis_that_is_new_enough_is_accepted(version):
    assert judge(info(redis_version=version), "redis://host") == []


@pytest.mark.parametrize(
    "facts",
    [{"redis_version": "6.2.14"}, {"redis_version": "5.0"}, {"redis_version": "7.2.4", "valkey_version": "7.1.0"}, {}],
)
def test_redis_that_is_too_old_is_refused_with_its_version(facts):
    facts = {**info(), **facts} if facts else {}
    version = str(facts.get("valkey_version") or facts.get("redis_version", "0"))

    with pytest.raises(ConfigurationError, match=f"version {version}; Redis 7.0 or Valkey 7.2"):
        judge(facts, "redis://host")


def test_server_that_may_evict_jobs_is_reported():
    [warning] = judge(info(maxmemory_policy="allkeys-lru"), "redis://host")

    assert "allkeys-lru" in warning
    assert "noeviction" in warning


def test_server_without_append_only_file_is_reported():
    [warning] = judge(info(aof_enabled=0), "redis://host")

    assert "appendonly yes" in warning


def test_real_server_is_judged(store):
    assert [w for w in store.check_server() if "noeviction" in w] == []
