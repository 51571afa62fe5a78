"""Which queues have a bound: the setting says."""

import functools

from jobs.bounds import Bounds
from jobs.conf import get_settings, until_settings_change


@until_settings_change
@functools.cache
def bounds_of_settings() -> Bounds:
    """Return the bound of each queue that has one."""
    return get_settings().queue_limits
