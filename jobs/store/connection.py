"""Opens clients: a single node, Sentinel or Cluster, told apart by the URL. Used by `store` alone.

redis://, rediss://, unix://                     one node
redis+sentinel://host:26379,host2/service/0      the master that the sentinels name
redis+cluster://host:7000                        a cluster
"""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.connection import Connection, ConnectionPool
from redis.retry import Retry
from redis.sentinel import Sentinel

from jobs.errors import ConfigurationError

Client = redis.Redis | RedisCluster

#: What means "not now": the command may be sent again later.
_UNAVAILABLE = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.ClusterError,
    redis.exceptions.RedisClusterException,
    redis.exceptions.AskError,  # and MovedError: a slot is on its way to another node
    redis.exceptions.TryAgainError,
)
#: Answers of this kind for which redis-py has no class: a full disk, a lack of replicas, a long script, a new master.
_UNAVAILABLE_CODES = ("MISCONF ", "NOREPLICAS ", "BUSY ", "UNBLOCKED ")


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
    try:
        scheme = urlsplit(url).scheme
        if scheme == "redis+sentinel":
            return _connect_by_sentinel(url, options)
        if scheme == "redis+cluster":
            return RedisCluster.from_url(_plain(url), retry=_never_again(), **options)
        return redis.Redis.from_url(url, retry=_never_again(), **options)
    except ValueError as error:
        raise ConfigurationError(f"The Redis URL {hide_password(url)!r} cannot be used: {error}") from error


def _connect_by_sentinel(url: str, options: dict[str, Any]) -> redis.Redis:
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2].split(",")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("it names no service: redis+sentinel://host:26379,host2:26379/service/0")
    sentinels = [(host.partition(":")[0], int(host.partition(":")[2] or 26379)) for host in hosts]
    credentials = {"username": unquote(parts.username or "") or None, "password": unquote(parts.password or "") or None}
    sentinel = Sentinel(sentinels, sentinel_kwargs={**options, "retry": _never_again()})
    master: redis.Redis = sentinel.master_for(
        service, db=int(database or 0), retry=_never_again(), **options, **credentials
    )
    return master


def _never_again() -> Retry:
    return Retry(NoBackoff(), 0)


def _plain(url: str) -> str:
    return url.replace("redis+cluster://", "redis://", 1)


def pool_for(client: Client, key: str) -> ConnectionPool:
    """Return the pool of connections to the node that holds a key."""
    if isinstance(client, RedisCluster):
        return client.get_redis_connection(client.get_node_from_key(key)).connection_pool
    return client.connection_pool


def is_unavailable(error: Exception) -> bool:
    """Tell whether an error is a sign of a Redis that is absent, late, full, or about to change."""
    if isinstance(error, _UNAVAILABLE):
        return True
    return isinstance(error, redis.ResponseError) and str(error).startswith(_UNAVAILABLE_CODES)


def hide_password(url: str) -> str:
    """Return a URL that may be shown."""
    shown = re.sub(r"(://).*@", r"\1***@", url)  # up to the last @: a password may contain one that is not encoded
    return re.sub(r"(password=)[^&#]*", r"\1***", shown)


__all__ = ["Client", "Connection", "RedisCluster", "connect", "hide_password", "is_unavailable", "pool_for"]
