"""The reader of the Redis that the project's settings name.

Every function of this package uses it when it is given no other.
"""

import functools

from jobs.conf import get_settings, until_settings_change
from jobs.store import Store
from jobs.store.reader import Reader
from jobs.store.sight import EVERYTHING, Sight

#: The longest time that a person waits for Redis. Seconds.
PATIENCE = 2.0


def get_reader(timeout: float = PATIENCE, sight: Sight = EVERYTHING) -> Reader:
    """Return a reader that waits at most `timeout` seconds for Redis.

    It shows what is in `sight`. Making one costs nothing: each reader has its own `problems`, but
    the store below is made once.
    """
    return Reader(_get_store(timeout), sight)


@until_settings_change
@functools.cache
def _get_store(timeout: float) -> Store:
    settings = get_settings()
    return Store(settings.redis_url, settings.namespace, timeout=timeout)
