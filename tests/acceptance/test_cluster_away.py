"""A cluster that is away as a whole while a worker has to stop."""

import os
import signal
import time

import pytest
import redis

from tests.jobs.store.servers import running_cluster
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_worker_of_many_queues_stops_in_time_while_the_cluster_is_away(start, tmp_path, fault):
    """The worker once stopped badly while its cluster was away.

    Killed, the supervisor ended by a traceback and left its children to themselves.
    Hung, it took 20 seconds.
    """
    queues = [option for n in range(30) for option in ("-q", f"q{n}")]
    with running_cluster(tmp_path) as ports:
        nodes = [redis.Redis(port=port) for port in ports]
        pids = [node.info("server")["process_id"] for node in nodes]
        runner = start("-c", "1", "-t", "5", *queues, url=f"redis+cluster://127.0.0.1:{ports[0]}")
        wait_until(lambda: sum(node.dbsize() for node in nodes) > len(queues), timeout=30)
        for pid in pids:
            os.kill(pid, fault)
        runner.wait_for("worker.queues_away", timeout=40)

        told_at = time.monotonic()
        runner.signal(signal.SIGTERM)

        assert runner.wait(30) == 0
        assert time.monotonic() - told_at < 15
