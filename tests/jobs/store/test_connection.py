"""Connections of the store to Redis.

What a URL opens, how long it may take, and how every kind of absence is told.
"""

import time
from contextlib import contextmanager

import pytest
import redis

from jobs.errors import ConfigurationError, StoreUnavailable
from jobs.store import Store, Terms
from jobs.store.server import judge
from tests.conftest import free_port
from tests.jobs.store.sample_queue import SampleQueue, new_job
from tests.jobs.store.servers import running_server, silent_server
from tests.waiting import wait_until

TIMEOUT = 0.2
#: Far more than TIMEOUT and than a busy machine adds, in seconds.
SOON = 5.0


@contextmanager
def told_soon():
    """Expect StoreUnavailable, soon."""
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as raised:
        yield raised
    assert time.monotonic() - started < SOON


@pytest.fixture
def small_server(tmp_path):
    """Return a client of a server whose settings a test may spoil."""
    with running_server(tmp_path) as port, redis.Redis(port=port) as client:
        yield client


def store_of(client):
    return Store(
        f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}/0", timeout=2
    )


# Nobody there


def test_nobody_listens():
    url = f"redis://127.0.0.1:{free_port()}/0"

    with told_soon() as raised:
        Store(url, timeout=TIMEOUT).intake.push("q", [new_job("a")])

    assert url in str(raised.value)
    assert raised.value.url == url
    assert "manage.py devredis" in str(raised.value)


def test_server_that_never_answers():
    with silent_server() as port, told_soon():
        Store(f"redis://127.0.0.1:{port}/0", timeout=TIMEOUT).intake.push("q", [new_job("a")])


def test_server_that_hangs_later(small_server):
    store = Store(
        f"redis://127.0.0.1:{small_server.connection_pool.connection_kwargs['port']}/0",
        timeout=TIMEOUT,
    )
    store.intake.push("q", [new_job("a")])

    small_server.execute_command("CLIENT", "PAUSE", 30_000, "ALL")

    with told_soon():
        store.running.fetch("q", "w", 1, terms=Terms(15), first=1)


def test_sentinels_that_never_answer():
    with silent_server() as port, told_soon():
        Store(f"redis+sentinel://127.0.0.1:{port}/mymaster/0", timeout=TIMEOUT).intake.push(
            "q", [new_job("a")]
        )


def test_no_sentinel_listens():
    ports = [free_port(), free_port()]

    with told_soon() as raised:
        url = f"redis+sentinel://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}/mymaster/0"
        Store(url, timeout=TIMEOUT).intake.push("q", [new_job("a")])

    assert f"127.0.0.1:{ports[0]}" in str(raised.value)


def test_no_node_of_a_cluster_listens():
    with told_soon():
        Store(f"redis+cluster://127.0.0.1:{free_port()}", timeout=TIMEOUT).intake.push(
            "q", [new_job("a")]
        )


def test_cluster_that_never_answers():
    with silent_server() as port, told_soon():
        Store(f"redis+cluster://127.0.0.1:{port}", timeout=TIMEOUT).intake.push("q", [new_job("a")])


def test_server_that_is_no_cluster(redis_url):
    with told_soon():
        Store(redis_url.replace("redis://", "redis+cluster://"), timeout=TIMEOUT).intake.push(
            "q", [new_job("a")]
        )


# There, but of no use now


def test_wrong_password_is_told_without_it(small_server):
    small_server.config_set("requirepass", "correct")
    port = small_server.connection_pool.connection_kwargs["port"]

    with told_soon() as raised:
        Store(f"redis://user:wrong-secret@127.0.0.1:{port}/0", timeout=TIMEOUT).intake.push(
            "q", [new_job("a")]
        )

    assert f"redis://***@127.0.0.1:{port}/0" in str(raised.value)
    assert "wrong-secret" not in str(raised.value)


def test_password_that_is_missing(small_server):
    store = store_of(small_server)
    small_server.config_set("requirepass", "correct")

    with told_soon() as raised:
        store.intake.push("q", [new_job("a")])

    assert "cannot be used: Authentication required." in str(raised.value)


def test_replica_that_may_not_be_written(small_server):
    store = store_of(small_server)
    store.intake.push("q", [new_job("a")])
    small_server.replicaof("127.0.0.1", free_port())

    with told_soon():
        store.intake.push("q", [new_job("b")])


def test_server_that_wants_more_replicas(small_server):
    store = store_of(small_server)
    small_server.config_set("min-replicas-to-write", 1)

    with told_soon():
        store.intake.push("q", [new_job("a")])


def test_server_that_cannot_write_to_its_disk(small_server, tmp_path):
    store = store_of(small_server)
    small_server.config_set("save", "3600 1")
    (tmp_path / "dump.rdb").mkdir()
    small_server.bgsave()
    wait_until(lambda: small_server.info("persistence")["rdb_last_bgsave_status"] == "err")

    with told_soon() as raised:
        store.intake.push("q", [new_job("a")])

    assert "MISCONF" in str(raised.value)


def test_server_that_is_busy_with_a_script(small_server):
    store = store_of(small_server)
    store.intake.push("q", [new_job("a")])
    small_server.config_set("busy-reply-threshold", 10)
    other = small_server.connection_pool.get_connection()
    other.send_command("EVAL", "while true do end", 0)

    with told_soon() as raised:
        store.intake.push("q", [new_job("b")])

    assert "BUSY" in str(raised.value)
    small_server.script_kill()
    other.disconnect()
    small_server.connection_pool.release(other)


def test_fault_of_our_own_is_not_called_an_absence(store):
    store.client.set(store.keys("q").ready, "no sorted set")

    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        store.intake.push("q", [new_job("a")])


# Back again


def test_connections_that_broke_while_idle_are_replaced(q, redis_url):
    q.push("a")
    with redis.Redis.from_url(redis_url) as other:
        assert other.client_kill_filter(_type="normal", skipme=True) >= 1

    assert q.push("b") == 1


# URLs


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
    with pytest.raises(
        ConfigurationError, match=r"redis\+sentinel://host:26379,host2:26379/service/0"
    ):
        Store("redis+sentinel://localhost:26379")


def test_database_in_the_url_is_used(redis_url):
    url = redis_url.removesuffix("/0") + "/7"
    store = Store(url)

    store.intake.push("q", [new_job("a")])

    with redis.Redis.from_url(url) as client:
        assert client.dbsize() > 0
    store.close()


@pytest.mark.parametrize("options", ["decode_responses=true", "decode_responses=1&protocol=3"])
def test_url_may_have_options_of_the_client_and_answers_are_bytes_all_the_same(redis_url, options):
    store = Store(f"{redis_url}?{options}")
    store.intake.push("q", [new_job("a")])

    fetched = store.running.fetch("q", "w", 1, terms=Terms(15), first=1)

    assert fetched.jobs == [("a", new_job("a").payload)]
    store.close()


def test_namespaces_share_nothing(redis_url):
    one, two = Store(redis_url, "one"), Store(redis_url, "two")

    one.intake.push("q", [new_job("a")])

    assert two.running.fetch("q", "w", 1, terms=Terms(15), first=1).jobs == []
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
    [
        {"redis_version": "6.2.14"},
        {"redis_version": "5.0"},
        {"redis_version": "7.2.4", "valkey_version": "7.1.0"},
        {},
    ],
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


def test_names_that_are_not_utf_8_reach_the_same_bytes(store):
    store.intake.announce_queues(["q\udcff", "größe"])

    assert store.client.smembers(store.shared.queues) == {b"q\xff", "größe".encode()}


def test_unix_socket(tmp_path):
    with running_server(tmp_path, "--unixsocket", str(tmp_path / "socket")):
        store = Store(f"unix://{tmp_path / 'socket'}")

        assert store.intake.push("q", [new_job("a")]) == 1
        assert SampleQueue(store).take() == ["a"]
        store.close()
