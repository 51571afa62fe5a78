"""Tests of the Redis itself as people see it."""

import pytest

from jobs import StoreUnavailable, inspect
from jobs.inspect.server import Reader
from jobs.store import Store
from jobs.store.server import judge
from tests.conftest import free_port


def test_server_tells_what_it_is_and_how_it_does(store, reader, redis_url):
    store.client.set("a key", 1)

    server = inspect.server(reader)

    assert server.url == redis_url
    assert server.product in {"Valkey", "Redis"}
    assert int(server.version.split(".")[0]) >= 7
    assert 0 < server.round_trip_ms < 1000
    assert server.keys == 1
    assert server.memory_bytes > 0
    assert server.max_memory_bytes == 0
    assert server.eviction_policy == "noeviction"
    assert server.connections >= 1
    assert server.uptime_seconds >= 0


def test_server_without_persistence_is_warned_of(reader):
    server = inspect.server(reader)

    assert server.persistence == "no append-only file"
    [warning] = server.warnings
    assert "Set appendonly yes" in warning


def test_server_that_is_too_old_is_warned_of(reader):
    class OldReader(Reader):
        def info(self):
            return super().info() | {"redis_version": "6.2.0", "valkey_version": "6.2.0"}

    [warning] = inspect.server(OldReader(reader.store)).warnings

    assert "6.2.0" in warning


def test_server_that_may_evict_jobs_is_warned_of():
    info = {"redis_version": "7.4.0", "maxmemory_policy": "allkeys-lru", "aof_enabled": 1}

    assert judge(info, "redis://somewhere") == [
        "maxmemory-policy is allkeys-lru: Redis may throw jobs away. Set it to noeviction."
    ]


def test_password_is_never_shown(redis_url):
    url = redis_url.replace("redis://", "redis://user:secret@")

    with pytest.raises(StoreUnavailable) as caught:
        inspect.server(Reader(Store(url.replace(url.rpartition(":")[2], f"{free_port()}/0"))))

    assert "secret" not in str(caught.value)
    assert "***@127.0.0.1" in str(caught.value)
