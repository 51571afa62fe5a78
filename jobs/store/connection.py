"""Opens clients, of the kind that the URL names.

Used by `store` alone. The kinds are:

redis://, rediss://, unix://                     one node
redis+sentinel://host:26379,host2/service/0      the master that the sentinels name
redis+cluster://host:7000                        a cluster

A forked child may use the clients of its parent. It opens connections of its own, and
no lock is held in it.
"""

import os
import re
import weakref
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import Connection, ConnectionPool
from redis.retry import Retry
from redis.sentinel import Sentinel

from jobs.errors import ConfigurationError
from jobs.redis_url import hide_password, url_problem
from jobs.store.bounded import bounded, with_bounds

Client = redis.Redis | RedisCluster

#: All clients of this process.
_clients: "weakref.WeakSet[Client]" = weakref.WeakSet()


def connect(url: str, timeout: float) -> Client:
    """Return a client that connects when it is first used.

    It waits at most `timeout` seconds for a connection or an answer. It never sends a
    command twice by itself: whoever calls knows what a lost answer means. Raise
    ConfigurationError for a URL of an unknown form.
    """
    client = _connect(url, timeout)
    _clients.add(client)
    return client


def _connect(url: str, timeout: float) -> Client:
    if problem := url_problem(url):
        raise ConfigurationError(_unusable(url, problem))
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "socket_keepalive": True,
        "protocol": 2,
        # A cluster's client looks for the slot before any packer sees the key.
        "encoding_errors": "surrogateescape",
    }
    # What the URL says counts more than `options`, and all that is read here is bytes.
    url = re.sub(r"(?<=[?&])decode_responses=[^&#]*&?", "", url)
    try:
        scheme = urlsplit(url).scheme
        if scheme == "redis+sentinel":
            return _connect_by_sentinel(url, options)
        if scheme == "unix":
            del options["socket_keepalive"]  # which is for networks
        if scheme == "redis+cluster":
            options["connection_class"] = bounded(Connection)
            return RedisCluster.from_url(_plain(url), retry=_never_again(), **options)
        return with_bounds(redis.Redis.from_url(url, retry=_never_again(), **options))
    except ValueError as error:
        raise ConfigurationError(_unusable(url, str(error))) from error


def _unusable(url: str, problem: str) -> str:
    return f"The Redis URL {hide_password(url)!r} cannot be used: {problem.rstrip('.')}."


def _connect_by_sentinel(url: str, options: dict[str, Any]) -> redis.Redis:
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2].split(",")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("it names no service: redis+sentinel://host:26379,host2:26379/service/0")
    sentinels = [(host.partition(":")[0], int(host.partition(":")[2] or 26379)) for host in hosts]
    credentials = {
        "username": unquote(parts.username or "") or None,
        "password": unquote(parts.password or "") or None,
    }
    sentinel = Sentinel(sentinels, sentinel_kwargs={**options, "retry": _never_again()})
    for client in sentinel.sentinels:
        with_bounds(client)
    master: redis.Redis = sentinel.master_for(
        service, db=int(database or 0), retry=_never_again(), **options, **credentials
    )
    return with_bounds(master)


def _never_again() -> Retry:
    return Retry(NoBackoff(), 0)


def _plain(url: str) -> str:
    return url.replace("redis+cluster://", "redis://", 1)


def _free_locks() -> None:
    """Free the locks of all clients in a forked child.

    Threads may have held them that the child does not have. The library renews its
    connections in a child by itself, but it takes these locks to do so. It does not say
    where it has them, so every object of its own is looked at, except for connections,
    which are dropped.
    """
    waiting: list[Any] = list(_clients)
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if hasattr(value, "_at_fork_reinit"):
            value._at_fork_reinit()  # noqa: SLF001  # as the modules threading and logging do
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple | set):
            waiting += value
        elif type(value).__module__.partition(".")[0] == "redis":
            waiting += getattr(value, "__dict__", {}).values()


os.register_at_fork(after_in_child=_free_locks)


def pool_for(client: Client, key: str) -> ConnectionPool:
    """Return the pool of connections to the node that holds a key."""
    if isinstance(client, RedisCluster):
        return client.get_redis_connection(client.get_node_from_key(key)).connection_pool
    return client.connection_pool


__all__ = [
    "Client",
    "Connection",
    "ConnectionPool",
    "RedisCluster",
    "connect",
    "pool_for",
]
