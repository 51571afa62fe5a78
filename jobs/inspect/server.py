"""The Redis itself: what it is, how far away, and how safe for jobs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jobs.errors import ConfigurationError
from jobs.inspect.reader import get_reader
from jobs.store.permissions import ALL, VIEW
from jobs.store.reader import Reader
from jobs.store.server import judge


@dataclass(frozen=True, slots=True)
class Server:
    """The Redis at a moment.

    `max_memory_bytes` is 0 where there is no limit. `warnings` say what to change.
    """

    url: str
    product: str
    version: str
    round_trip_ms: float
    uptime_seconds: int
    connections: int
    keys: int
    memory_bytes: int
    max_memory_bytes: int
    persistence: str
    eviction_policy: str
    warnings: tuple[str, ...]


def server(reader: Reader | None = None) -> Server:
    """Return what the Redis tells about itself.

    In a cluster one node tells it. It costs four round trips, O(1).
    """
    reader = reader or get_reader()
    reader.ping()  # connects, so that the next answer takes a round trip and no more
    start = time.perf_counter()
    reader.ping()
    round_trip_ms = (time.perf_counter() - start) * 1000
    info = reader.info()
    return Server(
        url=reader.store.url,
        product="Valkey" if "valkey_version" in info else "Redis",
        version=str(info.get("valkey_version") or info.get("redis_version", "")),
        round_trip_ms=round_trip_ms,
        uptime_seconds=info.get("uptime_in_seconds", 0),
        connections=info.get("connected_clients", 0),
        keys=reader.number_of_keys(),
        memory_bytes=info.get("used_memory", 0),
        max_memory_bytes=info.get("maxmemory", 0),
        persistence=_("append-only file") if info.get("aof_enabled") else _("no append-only file"),
        eviction_policy=info.get("maxmemory_policy", ""),
        warnings=_warnings(info, reader.store.url) if info else (),
    )


def permission_warnings(*, repair: bool = False, reader: Reader | None = None) -> list[str]:
    """Return what Redis does not allow whoever looks at jobs, or repairs them.

    Two round trips, O(1).
    """
    store = (reader or get_reader()).store
    return store.check_permissions(ALL if repair else VIEW)


def _warnings(info: Mapping[str, Any], url: str) -> tuple[str, ...]:
    try:
        return tuple(judge(info, url))
    except ConfigurationError as error:
        return (str(error),)
