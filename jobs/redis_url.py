"""The URL of Redis, as people write it and may see it.

The store and the system checks ask. Nothing here connects, and no message quotes a password.
"""

import re
from urllib.parse import SplitResult, urlsplit

#: redis, rediss, unix: one node. The others: the master that sentinels name, and a cluster.
SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "redis+cluster")
_NOT_ENCODED = (
    "its password holds a character that must be encoded: write / as %2F, ? as %3F, # as %23 "
    "and @ as %40"
)


def url_problem(url: str) -> str:
    """Return what is wrong with a URL, as the end of a sentence.

    It is empty for a URL that may be tried.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # its message may quote the password
        return "its host cannot be read"
    if parts.scheme not in SCHEMES or not url.startswith(f"{parts.scheme}://"):
        return f"it must begin with {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
    if _has_bare_password(parts):
        return _NOT_ENCODED
    return "" if _has_good_ports(parts) else "each port must be a number from 0 to 65535"


def _has_bare_password(parts: SplitResult) -> bool:
    """Whether a path or a query is the rest of a password."""
    if parts.scheme == "unix":  # there is no host, and the name of a file may hold an @
        return bool(parts.netloc) and not parts.netloc.endswith("@")
    options = parts.query.split("&")
    is_in_query = any("@" in option and "=" not in option for option in options)
    return is_in_query or "@" in parts.path or "@" in parts.fragment


def _has_good_ports(parts: SplitResult) -> bool:
    hosts = parts.netloc.rpartition("@")[2].split(",")
    try:
        for host in hosts:
            urlsplit(f"//{host}").port  # noqa: B018  # it raises
    except ValueError:
        return False
    return True


def hide_password(url: str) -> str:
    """Return a URL that may be shown."""
    # Up to the last @: a password may contain one that is not encoded.
    shown = re.sub(r"(://).*@", r"\1***@", url)
    return re.sub(r"(password=)[^&#]*", r"\1***", shown)


def advice(url: str, reason: str) -> str:
    """Return what to do about a Redis that cannot be used."""
    if "maxmemory" in reason:
        return "It is full: give it more memory, or delete jobs."
    question = "Is it running, and is JOBS_REDIS_URL its address?"
    if url.startswith("rediss:"):
        return (
            f"{question} Does it speak TLS there, and does ssl_ca_certs in the URL name who "
            "certified it?"
        )
    return (
        f"{question} In development, `python manage.py devredis` starts one at "
        "redis://127.0.0.1:6399/0."
    )
