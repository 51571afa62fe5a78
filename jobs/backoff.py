"""How long a failed job waits before it runs again.

Used by the worker. This is arithmetic alone.
"""

import random
from collections.abc import Callable

#: Longest delay that the formula may return: one year, in seconds.
MAX_DELAY_SECONDS = 365 * 24 * 3600.0


def default_backoff(
    attempt: int, uniform: Callable[[float, float], float] = random.uniform
) -> float:
    """Return the seconds to wait after failed attempt `attempt` (the first is 1).

    This is Sidekiq's formula (lib/sidekiq/job_retry.rb). With k = attempt - 1 it is

        k**4 + 15 + random(0..10 * (k + 1))

    25 retries last about three weeks. The random part keeps jobs that failed together from coming
    back together.
    """
    k = attempt - 1
    return min(k**4 + 15 + uniform(0, 10 * (k + 1)), MAX_DELAY_SECONDS)
