"""How the Redis of the jobs is doing, for the home page.

The shop asks the library and never Redis itself.
"""

from urllib.parse import urlsplit

from django.template.defaultfilters import filesizeformat

from jobs import StoreUnavailable, inspect


def read_redis_status(timeout_seconds: float) -> dict[str, object]:
    """Return facts about the Redis.

    Raise `ConnectionError` when it does not answer.
    """
    try:
        server = inspect.server(inspect.get_reader(timeout_seconds))
    except StoreUnavailable as error:
        raise ConnectionError(str(error)) from error
    facts: dict[str, object] = {
        **_place(server.url),
        "Version": f"{server.product} {server.version}",
        "Round trip": f"{server.round_trip_ms:.2f} ms",
        "Memory": filesizeformat(server.memory_bytes),
        "Persistence": server.persistence,
        "Keys": server.keys,
    }
    return facts | ({"Warnings": " ".join(server.warnings)} if server.warnings else {})


def _place(url: str) -> dict[str, object]:
    """Return where one server is.

    Several sentinels, and a socket, have no host and port to show.
    """
    parts = urlsplit(url)
    if "," in parts.netloc or not parts.hostname:
        return {"URL": url}
    return {
        "Host": parts.hostname,
        "Port": parts.port or 6379,
        "Database": parts.path.strip("/") or "0",
    }
