"""Opens clients: a single node, Sentinel or Cluster, told apart by the URL. Used by `store` alone.

redis://, rediss://, unix://                     one node
redis+sentinel://host:26379,host2/service/0      the master that the sentinels name
redis+cluster://host:7000                        a cluster
"""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import Connection, ConnectionPool
from redis.retry import Retry
from redis.sentinel import Sentinel

from jobs.errors import ConfigurationError

Client = redis.Redis | RedisCluster

#: Answers that mean "not now": the command may be sent again later.
UNAVAILABLE = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.MasterDownError,
    redis.exceptions.TryAgainError,
)


def connect(url: str, timeout: float) -> Client:
    """Return a client that connects when first used and waits at most `timeout` seconds for a connection or an answer.

    It never sends a command twice by itself: whoever calls knows what a lost answer means. Raise ConfigurationError
    for a URL of an unknown form.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "socket_keepalive": True,
        "protocol": 2,
    }
    scheme = urlsplit(url).scheme
    try:
        if scheme == "redis+sentinel":
            return _connect_by_sentinel(url, options)
        if scheme == "redis+cluster":
            return RedisCluster.from_url(_plain(url), **options)
        return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **options)
    except ValueError as error:
        raise ConfigurationError(f"The Redis URL {hide_password(url)!r} cannot be used: {error}") from error


def _connect_by_sentinel(url: str, options: dict[str, Any]) -> redis.Redis:
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2].split(",")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("it names no service: redis+sentinel://host:26379,host2:26379/service/0")
    sentinels = [(host.partition(":")[0], int(host.partition(":")[2] or 26379)) for host in hosts]
    credentials = {"username": parts.username or None, "password": parts.password} if "@" in parts.netloc else {}
    sentinel = Sentinel(sentinels, sentinel_kwargs=options)
    master: redis.Redis = sentinel.master_for(
        service, db=int(database or 0), retry=Retry(NoBackoff(), 0), **options, **credentials
    )
    return master


def _plain(url: str) -> str:
    return url.replace("redis+cluster://", "redis://", 1)


def pool_for(client: Client, key: str) -> ConnectionPool:
    """Return the pool of connections to the node that holds a key."""
    if isinstance(client, RedisCluster):
        return client.get_redis_connection(client.get_node_from_key(key)).connection_pool
    return client.connection_pool


def hide_password(url: str) -> str:
    """Return a URL that may be shown."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))


__all__ = ["UNAVAILABLE", "Client", "Connection", "RedisCluster", "connect", "hide_password", "pool_for"]
