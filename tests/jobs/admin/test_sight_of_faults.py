"""What cannot be read tells nothing of queues out of sight."""

import time

import pytest

from jobs.store.metrics import Measure, MetricStore
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import beat, put

PAGES = ("", "queues/", "workers/", "dead/", "failures/", "metrics/", "metrics.txt", "stats.json")


def only_mine(user, queue):
    """Let everybody see the queue `mine` alone."""
    return queue == "mine"


def replace(store, key):
    store.client.delete(key)
    store.client.set(key, "x")


FAULTS = {
    "the heartbeat is of another type": lambda store: replace(
        store, store.shared.worker("hidden-worker")
    ),
    "a worker of both quotes a job": lambda store: beat(
        store, "both", queues="mine,hidden", running="hidden-job hidden nonsense"
    ),
    "the name of a worker is no UTF-8": lambda store: store.client.zadd(
        store.shared.workers, {b"hidden\xff": time.time()}
    ),
    "the name of a queue is no UTF-8": lambda store: store.client.sadd(
        store.shared.queues, b"hidden\xff"
    ),
    "nobody knows which queues there are": lambda store: replace(store, store.shared.queues),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_nothing_out_of_sight(store, boss, settings, fault):
    access = f"{__name__}.only_mine"
    settings.JOBS = {**settings.JOBS, "QUEUES": ["mine"], "QUEUE_ACCESS": access}
    put(store, "dead", "hidden", job_class="hidden.Class", id="hidden-job")
    beat(store, "hidden-worker", queues="hidden")
    measure = Measure()
    measure.add(1.0, is_failure=True)
    MetricStore(store).add([("job:hidden.Class", time.time(), measure)])
    FAULTS[fault](store)

    for page in PAGES:
        shown = text(boss.get(f"/admin/jobs/{page}"))
        assert "hidden-" not in shown
        assert "hidden." not in shown
        assert r"hidden\xff" not in shown
