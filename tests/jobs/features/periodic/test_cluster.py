"""Schedules on a cluster, where each queue has a node of its own."""

import json
from datetime import timedelta

import pytest

from jobs import Every
from jobs.features.periodic.clockwork import Clockwork
from jobs.features.periodic.entries import Entry
from jobs.store import Store
from jobs.store.connection import RedisCluster
from jobs.store.kept_schedules import KeptSchedules
from jobs.store.reader import Reader
from jobs.store.schedule_records import read_schedules
from tests.jobs.features.periodic.kept_jobs import NAME
from tests.jobs.store.sample_queue import SampleQueue
from tests.jobs.store.servers import running_cluster
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

#: Their slots lie on three different nodes.
QUEUES = ("q", "default", "high")


@pytest.fixture
def cluster(tmp_path):
    with running_cluster(tmp_path) as ports:
        store = Store(f"redis+cluster://127.0.0.1:{ports[0]}", timeout=5)
        store.client.flushall(target_nodes=RedisCluster.PRIMARIES)
        yield store
        store.close()


def test_each_queue_gets_its_jobs_and_an_entry_can_move_between_nodes(cluster):
    every = Every(timedelta(seconds=1), overlap="allow")
    names = {queue: f"tests.{queue.title()}Job" for queue in QUEUES}
    entries = [Entry(name, name, queue, 0, every) for queue, name in names.items()]
    clockwork = Clockwork(lambda: entries, lambda: 0.0)
    queues = {queue: SampleQueue(cluster, queue) for queue in QUEUES}

    def all_have_fired(count):
        clockwork.look(cluster)
        return all(len(each.payloads()) >= count for each in queues.values())

    wait_until(lambda: all_have_fired(2))
    assert {record.name: record.queue for record in read_schedules(Reader(cluster))} == {
        name: queue for queue, name in names.items()
    }

    moved = Entry(names["q"], names["q"], "high", 0, every)
    successor = Clockwork(lambda: [moved], lambda: 0.0)
    had = len(queues["high"].payloads())

    def has_moved():
        successor.look(cluster)
        return len(queues["high"].payloads()) > had

    wait_until(has_moved)
    assert read_schedules(Reader(cluster))[-1].queue == "high"
    assert {record.name for record in read_schedules(Reader(cluster)) if record.is_resting} == {
        names["default"],
        names["high"],
    }


def test_entry_of_the_database_moves_between_nodes_and_is_retired(cluster):
    desk = KeptSchedules(cluster)
    clockwork = Clockwork(list, lambda: 0.0)
    queues = {queue: SampleQueue(cluster, queue) for queue in ("q", "high")}

    def keep(queue):
        fields = {"args": "[]", "kwargs": "{}", "queue": queue, "overlap": "allow", "every": 1}
        document = json.dumps(fields | {"catch_up": 60, "jitter": 0, "margin": 60})
        assert desk.write(desk.home().generation, {NAME: f"on {document}"}, [])

    def has_fired(queue):
        clockwork.look(cluster)
        return queues[queue].payloads()

    keep("q")
    wait_until(lambda: has_fired("q"))
    keep("high")
    wait_until(lambda: has_fired("high"), timeout=30)
    assert desk.home().queues == {NAME: "high"}

    generation = desk.write(desk.home().generation, {}, [NAME])
    desk.retire("high", NAME, generation)
    assert desk.drop_homes(generation, [NAME])
    for _ in range(3):
        clockwork.look(cluster)
    assert desk.home().queues == {}
    assert cluster.client.hkeys(cluster.keys("high").schedules) == [f"closed:{NAME}".encode()]
