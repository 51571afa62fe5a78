"""The `JOBS` setting, as this process uses it.

It is read once per process through `get_settings()`. `checks` reports what is wrong in it.
"""

import functools
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from jobs.errors import ConfigurationError
from jobs.settings_problems import LISTS, problems
from jobs.settings_values import (
    DEFAULT_MIDDLEWARE,
    DEFAULT_REDIS_URL,
    LEAST,
    JobsSettings,
    bounds_broken,
    default_redis_url,
)

__all__ = [
    "DEFAULT_MIDDLEWARE",
    "DEFAULT_REDIS_URL",
    "LEAST",
    "JobsSettings",
    "bounds_broken",
    "default_redis_url",
    "get_settings",
    "load",
    "problems",
    "until_settings_change",
]


def load(values: object) -> JobsSettings:
    """Return the settings in this `JOBS` value.

    Raise ConfigurationError with all that is wrong.
    """
    if found := problems(values):
        raise ConfigurationError(" ".join(found))
    checked: Mapping[str, Any] = values  # type: ignore[assignment]  # problems() made sure
    typed: dict[str, Any] = {
        k.lower(): tuple(v) if k.lower() in LISTS else v for k, v in checked.items()
    }
    return JobsSettings(**typed)


class _Cached(Protocol):
    """A function whose results are kept, as `functools.cache` makes it."""

    def cache_clear(self) -> None: ...


Cached = TypeVar("Cached", bound=_Cached)
_cached: list[_Cached] = []


def until_settings_change(function: Cached) -> Cached:
    """Have a cached function forget its results whenever JOBS changes.

    It decorates what makes something from the settings. They change in tests only.
    """
    _cached.append(function)
    return function


@until_settings_change
@functools.cache
def get_settings() -> JobsSettings:
    """Return the project's settings, read once.

    Raise ConfigurationError when they are wrong.
    """
    return load(getattr(django_settings, "JOBS", {}))


#: What is read from the settings, by us and by what is made from them.
_READ = frozenset({"JOBS", "SECRET_KEY", "SECRET_KEY_FALLBACKS"})


def _forget(*, setting: str, **_: object) -> None:
    if setting in _READ:
        for function in _cached:
            function.cache_clear()


setting_changed.connect(_forget, dispatch_uid="jobs.conf")
