"""Tests of the reader on a Redis Cluster and on no Redis at all.

What it reads is tested where it is used.
"""

import pytest
import redis

from jobs import StoreUnavailable, inspect
from jobs.store import Store
from jobs.store.reader import Reader
from tests.conftest import free_port, start_server
from tests.jobs.inspect.filling import beat, fill, push
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def cluster_url(tmp_path_factory):
    """Return the URL of a cluster of one node, which holds every slot."""
    port = free_port()
    server = start_server(
        port,
        tmp_path_factory.mktemp("cluster"),
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        str(free_port()),
    )
    with redis.Redis(port=port) as node:
        node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        wait_until(lambda: node.cluster("info")["cluster_state"] == "ok", timeout=10)
    yield f"redis+cluster://127.0.0.1:{port}"
    server.terminate()
    server.wait()


def test_everything_can_be_read_from_a_cluster(cluster_url):
    store = Store(cluster_url, timeout=5.0)
    fill(store, "high")
    [lost] = push(store, "default", ago=40)
    store.client.zrem(store.keys("default").ready, lost)
    push(store, "default", ago=70)
    beat(store, "one")
    beat(store, "two")
    reader = Reader(store)

    stats = inspect.stats(reader)
    diagnosis = inspect.check_invariant(repair=True, reader=reader)
    server = inspect.server(reader)
    store.close()

    assert (stats.total("ready"), stats.total("dead"), stats.processed) == (2, 1, 4)
    assert {queue.name: queue.latency_seconds for queue in stats.queues}[
        "default"
    ] == pytest.approx(70, abs=5)
    assert {worker.name for worker in stats.workers} == {"one", "two"}
    assert ([stray.job_id for stray in diagnosis.repaired], diagnosis.strays) == ([lost], ())
    assert server.keys > 0


@pytest.mark.parametrize(
    "look", [inspect.stats, inspect.workers, inspect.server, inspect.queue_names]
)
def test_redis_that_is_away_is_named(look):
    port = free_port()

    with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}.*manage.py devredis"):
        look(Reader(Store(f"redis://127.0.0.1:{port}/0")))
