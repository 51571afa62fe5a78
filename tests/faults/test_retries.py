"""A job that comes back at once under the same worker.

It is not confused with its earlier run.
"""

import pytest

from tests.faults.retries import drill

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]


def test_job_that_is_retried_at_once_never_runs_twice_at_a_time_over_a_bad_network(redis_url):
    result = drill(redis_url, 300)

    assert result.problems == []
    assert result.lost_fetches > 0
