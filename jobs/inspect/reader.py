"""The reader of the project's settings, which every function here uses when it is given none."""

import functools

from django.core.signals import setting_changed

from jobs.conf import get_settings
from jobs.store import Store
from jobs.store.reader import Reader

#: How long a person waits for Redis, in seconds.
PATIENCE = 2.0


@functools.cache
def get_reader(timeout: float = PATIENCE) -> Reader:
    """Return a reader that waits at most `timeout` seconds for a connection or an answer. Made once; costs nothing."""
    settings = get_settings()
    return Reader(Store(settings.redis_url, settings.namespace, timeout=timeout))


def _forget(*, setting: str, **_: object) -> None:
    if setting == "JOBS":
        get_reader.cache_clear()


setting_changed.connect(_forget, dispatch_uid="jobs.inspect")
