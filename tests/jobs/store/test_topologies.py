"""The store on a Redis Cluster and behind Sentinel: the same methods, several queues."""

import pytest
import redis

from jobs.errors import QueueFull, StoreUnavailable
from jobs.store import NewJob, Store, Terms
from jobs.store.connection import RedisCluster
from jobs.store.heartbeats import Heartbeats
from jobs.store.reader import Reader
from jobs.store.set_reader import Ranks, SetReader
from jobs.store.whereabouts import Whereabouts
from tests.jobs.store.sample_queue import LEASE, SampleQueue, new_job, put, raw_payload
from tests.jobs.store.servers import running_cluster, running_sentinel, running_server

pytestmark = pytest.mark.slow

#: Their slots lie on three different nodes.
QUEUES = ("q", "default", "high")
PASSWORD = "p@ss/word"
LONG = 20.0


@pytest.fixture(scope="session")
def cluster_ports(tmp_path_factory):
    with running_cluster(tmp_path_factory.mktemp("cluster")) as ports:
        yield ports


@pytest.fixture(scope="session")
def sentinel_port(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("master")) as master:
        with redis.Redis(port=master) as client:
            client.config_set("requirepass", PASSWORD)
        folder = tmp_path_factory.mktemp("sentinel")
        with running_sentinel(folder, master, f"sentinel auth-pass mymaster {PASSWORD}") as port:
            yield port


@pytest.fixture
def cluster(cluster_ports):
    """Return a store on an empty cluster."""
    store = Store(f"redis+cluster://127.0.0.1:{cluster_ports[0]}", timeout=5)
    store.client.flushall(target_nodes=RedisCluster.PRIMARIES)
    yield store
    store.close()


@pytest.fixture
def sentinel(sentinel_port):
    """Return a store on the empty master of a sentinel."""
    store = Store(
        f"redis+sentinel://:p%40ss%2Fword@127.0.0.1:{sentinel_port}/mymaster/2", timeout=5
    )
    store.client.flushdb()
    yield store
    store.close()


@pytest.fixture(params=["cluster", "sentinel"])
def store(request):
    return request.getfixturevalue(request.param)


def test_queues_lie_on_different_nodes(cluster):
    nodes = {cluster.client.get_node_from_key(cluster.keys(name).ready).name for name in QUEUES}

    assert len(nodes) == 3


def test_push_to_several_queues(store):
    jobs = {name: [new_job("a"), new_job("b")] for name in QUEUES}

    assert store.intake.push_all(jobs) == 6
    assert store.intake.push_all(jobs) == 0

    assert all(SampleQueue(store, name).ids("ready") == ["a", "b"] for name in QUEUES)


def test_push_to_a_queue_with_a_bound(store):
    jobs, bounds = {"q": [new_job("a"), new_job("b")]}, {"q": 3}

    assert store.intake.push_all(jobs, bounds=bounds) == 2
    assert store.intake.push_all(jobs, bounds=bounds) == 0
    with pytest.raises(QueueFull):
        store.intake.push_all({"q": [new_job("c"), new_job("d")]}, bounds=bounds)

    assert store.intake.size("q") == 2


def test_portions_of_sets_in_several_queues(store):
    for name in QUEUES:
        put(SampleQueue(store, name), "dead", {f"dead-{name}": 1})

    found = SetReader(Reader(store)).portions([Ranks(name, "dead", 0, 9) for name in QUEUES])

    assert [[e.job_id for e in portion.entries] for portion in found] == [
        [f"dead-{name}"] for name in QUEUES
    ]


@pytest.mark.parametrize("name", QUEUES)
def test_every_way_of_a_job(store, name):
    q = SampleQueue(store, name)
    ids = ["done", "failed", "finished", "moved", "released"]
    assert q.push(*ids) == 5
    assert q.push("later", due="+100000") == 1
    assert q.take("w", 5) == ids

    assert q.fetch("w", 0, finished=["finished"]).lost == []
    assert store.running.finish(name, q.token("done"), "done", b"result", 60)
    assert store.running.fail(name, q.token("failed"), "failed", b"new", "retry", delay_seconds=60)
    assert store.running.fail(name, q.token("moved"), "moved", b"new", "dead")
    assert q.release("released") == 1
    assert store.sets.move(name, "dead", "scheduled", ["moved"], due_at=2e9) == 1

    assert store.sets.audit(name, ids, repair=True) == []
    assert q.places() == {
        "done": ["done"],
        "failed": ["retry"],
        "later": ["scheduled"],
        "moved": ["scheduled"],
        "released": ["ready"],
    }
    assert store.running.is_busy(name)


@pytest.mark.parametrize("name", QUEUES)
def test_job_is_found_by_who_waits_for_it(store, name):
    desk = Whereabouts(store)
    store.intake.push(name, [new_job("a")])

    assert desk.queue_of("a", QUEUES) == name
    assert desk.look(name, "a").place == "ready"
    assert desk.look(name, "b").place == "gone"


@pytest.mark.parametrize("name", QUEUES)
def test_every_way_of_a_lease(store, name):
    q = SampleQueue(store, name)
    q.push("a")
    q.take("w")

    [lease] = q.leases.renew(name, ["w"])
    assert (lease.worker, lease.terms) == ("w", Terms(LEASE))
    assert q.leases.condemn(name, "w", lease.score)
    assert q.fetch("w", 1).state == "given up"
    assert store.running.list_running(name, "w") == [("a", "w#1")]
    assert store.running.payload(name, "a") == raw_payload("a")
    q.leases.leave(name, "w")

    assert q.leases.renew(name, []) == []
    assert q.fetch("w", 1).state == "given up"


def test_workers_and_queues_are_shown_to_people(store):
    store.intake.announce_queues(QUEUES)
    Heartbeats(store).beat("w", {"pid": 1}, ttl=60)
    assert store.client.smembers("jobs:queues") == {name.encode() for name in QUEUES}
    assert store.client.hgetall("jobs:worker:w") == {b"pid": b"1"}

    Heartbeats(store).forget("w")

    assert store.client.zcard("jobs:workers") == 0


def test_server_is_judged(store):
    assert isinstance(store.check_server(), list)


@pytest.mark.parametrize("name", QUEUES)
def test_bell_that_rang_is_heard(store, name):
    SampleQueue(store, name).push("a")

    assert store.bell(QUEUES).wait(LONG, QUEUES).queues == {name}

    assert SampleQueue(store, name).rings() == 0


def test_closed_store_opens_again(store):
    store.close()

    assert store.intake.push("q", [new_job("a")]) == 1


def test_scripts_that_a_node_lost_are_sent_again(cluster):
    cluster.intake.push_all({name: [new_job("a")] for name in QUEUES})
    cluster.client.script_flush()

    assert cluster.intake.push_all({name: [new_job("b")] for name in QUEUES}) == 3


def test_wrong_password_behind_a_sentinel(sentinel_port):
    store = Store(f"redis+sentinel://:wrong-secret@127.0.0.1:{sentinel_port}/mymaster", timeout=1)

    with pytest.raises(StoreUnavailable) as raised:
        store.intake.push("q", [new_job("a")])

    assert "wrong-secret" not in str(raised.value)


def test_service_that_the_sentinel_does_not_know(sentinel_port):
    store = Store(f"redis+sentinel://127.0.0.1:{sentinel_port}/other", timeout=1)

    with pytest.raises(StoreUnavailable, match="other"):
        store.intake.push("q", [new_job("a")])


def test_one_dead_sentinel_of_two_does_no_harm(sentinel_port):
    nowhere = "127.0.0.1:1"
    url = f"redis+sentinel://:p%40ss%2Fword@{nowhere},127.0.0.1:{sentinel_port}/mymaster/2"

    with redis.Redis(port=sentinel_port) as client:
        assert client.ping()
    store = Store(url, timeout=1)
    store.intake.push("other-queue", [new_job("a")])
    store.close()


def test_names_that_are_not_utf_8_reach_the_same_bytes_on_a_cluster(cluster):
    odd = "q\udcff"
    cluster.intake.push(odd, [NewJob("a\udcfe", b"{}", 0)])
    cluster.intake.announce_queues([odd])

    assert cluster.client.hkeys(cluster.keys(odd).payloads) == [b"a\xfe"]
    assert cluster.client.smembers(cluster.shared.queues) == {b"q\xff"}
