"""How the Redis of the jobs is doing, for the home page; the only place where the shop speaks with Redis itself."""

from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from jobs.conf import get_settings

#: A key of the shop's own, gone after a minute.
PROBE_KEY = "orders:status-probe"


def read_redis_status(timeout_seconds: float) -> dict[str, object]:
    """Write a key, read it back, and return facts about the connection; raise `ConnectionError` when that fails."""
    url = get_settings().redis_url
    place = urlsplit(url)
    try:
        with redis.Redis.from_url(
            url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds, retry=Retry(NoBackoff(), 0)
        ) as client:
            client.set(PROBE_KEY, "well", ex=60)
            return {
                "Host": place.hostname,
                "Port": place.port or 6379,
                "Database": place.path.strip("/") or 0,
                "Version": client.info("server")["redis_version"],
                "Keys": client.dbsize(),
                "Read back": client.get(PROBE_KEY).decode(),
            }
    except redis.RedisError as error:
        raise ConnectionError(f"No answer from {place.hostname}:{place.port or 6379}: {error}") from error
