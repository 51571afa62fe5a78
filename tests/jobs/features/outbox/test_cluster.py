"""The outbox on a cluster, where each queue has a node of its own."""

from contextlib import suppress

import pytest

from jobs import StoreUnavailable
from jobs.features.outbox import sweeping
from jobs.features.outbox.marks import tidy
from jobs.features.outbox.sweeping import sweep
from jobs.models import OutboxEntry
from jobs.store import Store
from jobs.store.connection import RedisCluster
from jobs.store.marks import Marks
from tests.jobs.features.outbox.stage import KeptJob, OtherJob, enqueue, fail_to_push
from tests.jobs.store.servers import running_cluster

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path, settings):
    with running_cluster(tmp_path) as ports:
        url = f"redis+cluster://127.0.0.1:{ports[0]}"
        settings.JOBS = {**settings.JOBS, "REDIS_URL": url}
        store = Store(url, timeout=5)
        store.client.flushall(target_nodes=RedisCluster.PRIMARIES)
        yield store
        store.close()


def test_rows_of_several_nodes_are_pushed_and_deleted(cluster, let_pass, monkeypatch):
    monkeypatch.setattr(sweeping, "YOUNG_MARK", 0)  # time passes for the rows alone
    [pushed] = enqueue(1, job_class=KeptJob)
    fail_to_push(2, job_class=OtherJob)
    left = OutboxEntry.objects.get(queue="other").push
    let_pass(10)

    for _ in range(2):
        sweep(cluster)
        let_pass(10)
    tidy(cluster)

    assert OutboxEntry.objects.count() == 0
    assert set(Marks(cluster).seen({"kept": [pushed], "other": [left]})) == {pushed, left}
    assert cluster.intake.size("kept") == 1
    assert cluster.intake.size("other") == 1


def test_node_that_is_away_keeps_no_row_of_another_from_its_way(cluster, let_pass):
    enqueue(0, job_class=OtherJob)  # the client knows the nodes
    fail_to_push(1, job_class=KeptJob)
    fail_to_push(2, job_class=OtherJob)
    let_pass(10)
    client = cluster.client
    client.config_set("cluster-require-full-coverage", "no", target_nodes=RedisCluster.PRIMARIES)
    away, there = (client.get_node_from_key(cluster.keys(name).ready) for name in ("kept", "other"))
    assert away != there
    away.redis_connection.shutdown(nosave=True)

    for _ in range(2):
        with suppress(StoreUnavailable):
            sweep(cluster)
        let_pass(20)

    assert cluster.intake.size("other") == 2
    assert OutboxEntry.objects.filter(queue="kept").exists()
