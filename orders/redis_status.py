"""How the Redis of the jobs is doing, for the home page."""

import os
from urllib.parse import urlsplit

import redis

#: A key of the shop's own, gone after a minute.
PROBE_KEY = "orders:status-probe"


def read_redis_status(timeout_seconds: float) -> dict[str, object]:
    """Write a key, read it back, and return facts about the connection; raise `ConnectionError` when that fails."""
    url = os.environ.get("JOBS_REDIS_URL", "redis://127.0.0.1:6379/0")
    place = urlsplit(url)
    try:
        with redis.Redis.from_url(
            url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds
        ) as client:
            client.set(PROBE_KEY, "well", ex=60)
            read_back = client.get(PROBE_KEY)
            return {
                "Host": place.hostname,
                "Port": place.port or 6379,
                "Database": place.path.strip("/") or 0,
                "Version": client.info("server")["redis_version"],
                "Keys": client.dbsize(),
                "Read back": read_back.decode(),
            }
    except redis.RedisError as error:
        raise ConnectionError(f"No answer from {place.hostname}:{place.port or 6379}: {error}") from error
