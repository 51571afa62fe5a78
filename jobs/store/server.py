"""Judges what a Redis tells about itself.

It must be recent enough, and keep what it is given.
"""

from collections.abc import Mapping

from jobs.errors import ConfigurationError


def judge(info: Mapping[str, object], url: str) -> list[str]:
    """Return warnings about a Redis that tells this of itself.

    Raise ConfigurationError when it is too old.
    """
    version = str(info.get("valkey_version") or info.get("redis_version", "0"))
    minimum = (7, 2) if "valkey_version" in info else (7, 0)
    if tuple(int(part) for part in version.split(".")[:2]) < minimum:
        raise ConfigurationError(
            f"{url} runs version {version}; Redis 7.0 or Valkey 7.2 is the oldest that works."
        )
    warnings = []
    if info.get("maxmemory_policy") != "noeviction":
        warnings.append(
            f"maxmemory-policy is {info.get('maxmemory_policy')}: "
            "Redis may throw jobs away. Set it to noeviction."
        )
    if not info.get("aof_enabled"):
        warnings.append(
            "Append-only persistence is off: a restart of Redis loses jobs. Set appendonly yes."
        )
    return warnings
