"""Armed fetches on a cluster.

Each bell has a connection of its own, and a node may hang.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace

import pytest
import redis

from jobs.job import Job
from jobs.store import Store
from jobs.store import bell as bell_module
from jobs.store.bell import Heard
from jobs.store.connection import RedisCluster
from tests.jobs.store.servers import running_cluster
from tests.jobs.worker.hands import Hands
from tests.jobs.worker.made_jobs import push
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

#: Their slots lie on three different nodes.
QUEUES = ("q", "default", "high")
LONG = 20.0
begun: list[object] = []


class QuickJob(Job):
    def perform(self):
        begun.append(self.job_id)


QUICK = f"{__name__}.QuickJob"


@pytest.fixture(autouse=True)
def nothing_begun() -> None:
    begun.clear()


@pytest.fixture(scope="module")
def ports(tmp_path_factory):
    with running_cluster(tmp_path_factory.mktemp("cluster")) as ports:
        for port in ports:
            with redis.Redis(port=port) as client:
                client.config_set("cluster-require-full-coverage", "no")
        yield ports


@pytest.fixture
def store(ports):
    store = Store(f"redis+cluster://127.0.0.1:{ports[0]}", timeout=1)
    store.client.flushall(target_nodes=RedisCluster.PRIMARIES)
    yield store
    store.close()


@pytest.fixture
def settings(worker_settings, ports):
    """Return settings of a worker on the cluster that nothing but a bell wakes."""
    url = f"redis+cluster://127.0.0.1:{ports[0]}"
    return replace(worker_settings, redis_url=url, heartbeat=30.0, lease=90.0, concurrency=3)


def blocked(ports):
    """Return how many clients wait for a bell on these nodes."""
    count = 0
    for port in ports:
        with redis.Redis(port=port) as client:
            count += client.info("clients")["blocked_clients"]
    return count


@contextmanager
def hanging(store, queue) -> Iterator[None]:
    """Stop the process of the node of a queue.

    Its connections stay, and nothing answers.
    """
    node = store.client.get_node_from_key(store.keys(queue).ready)
    with redis.Redis(port=node.port) as client:
        pid = client.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def is_gone(store, job_id, queue):
    keys = store.keys(queue)
    return not store.client.hexists(keys.payloads, job_id)


def is_begun_within(seconds, store, queue):
    """Push a job and wait until it begins.

    Fail after so many seconds.
    """
    (job_id,) = push(store, queue, job_class=QUICK)
    wait_until(lambda: job_id in begun, timeout=seconds)
    return begun[-1] == job_id


def test_each_bell_has_its_fetch_behind_it(store, settings):
    worker = Hands(store, settings, *QUEUES)
    worker.fetch(1)
    bell = store.bell(QUEUES)
    armed = worker.fetcher.arming.arm(QUEUES, 3, LONG)
    assert set(armed) == set(QUEUES)

    (job_id,) = push(store, "default")
    heard = bell.wait(LONG, QUEUES, armed)
    catch = worker.fetcher.arming.disarm(QUEUES, heard)

    assert [(unit.id, unit.queue) for unit in catch.units] == [(job_id, "default")]
    assert heard.queues == {"default"}
    assert set(heard.answers) == set(QUEUES)
    assert not catch.may_find_more


def test_worker_listens_to_each_node_and_is_woken_by_any(store, settings, ports):
    with running(make_worker(settings, *QUEUES)) as worker:
        for queue in QUEUES:
            wait_until(lambda: blocked(ports) == 3 and not worker.buffer._duties.is_leading)
            assert is_begun_within(15.0, store, queue)


def test_bell_of_a_node_that_hangs_is_told(store, settings, monkeypatch):
    bell = store.bell(QUEUES)
    worker = Hands(store, settings, *QUEUES)
    worker.fetch(1)
    armed = worker.fetcher.arming.arm(QUEUES, 3, LONG)
    listen = bell._listen
    with ExitStack() as stack:

        def listen_and_hang(*args):
            listeners = listen(*args)
            stack.enter_context(hanging(store, "high"))
            return listeners

        monkeypatch.setattr(bell, "_listen", listen_and_hang)
        heard = bell.wait(0.05, QUEUES, armed)

    assert heard.hanging == {"high"}
    assert set(heard.answers) == {"q", "default"}


def test_node_that_hangs_before_anybody_listens_to_it_is_told_within_seconds(store, ports):
    waiting = Store(f"redis+cluster://127.0.0.1:{ports[0]}", timeout=30)
    with closing(waiting), hanging(store, "high"):
        push(store, queue="q")
        started = time.monotonic()

        heard = waiting.bell(QUEUES).wait(LONG, QUEUES)

        assert time.monotonic() - started < 10
    assert heard.queues == {"q"}
    assert heard.hanging == {"high"}


def beside(store, queue, count):
    """Return names of queues on the node of a queue, this one first."""
    others = [f"{queue}{number}" for number in range(100)]
    return store.queues_beside(queue, others)[:count]


def test_node_that_hangs_is_asked_once_however_many_its_queues_are(store, monkeypatch):
    """Each of its queues once took a second.

    Meanwhile a job that had come from another node waited.
    """
    ill = beside(store, "high", 4)
    bell = store.bell([*ill, "q"])
    listen, ask, asked = bell._listen, bell_module._wait_for_answer, []
    with ExitStack() as stack:

        def listen_and_hang(*args):
            listeners = listen(*args)
            stack.enter_context(hanging(store, "high"))
            push(store, "q")
            return listeners

        def note_and_ask(connection):
            asked.append(connection)
            ask(connection)

        monkeypatch.setattr(bell, "_listen", listen_and_hang)
        monkeypatch.setattr(bell_module, "_wait_for_answer", note_and_ask)
        heard = bell.wait(LONG, [*ill, "q"])

    assert (heard.queues, heard.hanging) == ({"q"}, set(ill))
    assert len(asked) == 1


def test_node_that_hangs_already_is_listened_to_once_however_many_its_queues_are(
    store, ports, monkeypatch
):
    ill = beside(store, "high", 4)
    fresh = Store(f"redis+cluster://127.0.0.1:{ports[0]}", timeout=30)
    bell = fresh.bell([*ill, "q"])
    listener, tried = bell._listener, []

    def note_and_listen(queues, *args):
        tried.extend(queues.values())
        return listener(queues, *args)

    monkeypatch.setattr(bell, "_listener", note_and_listen)
    with closing(fresh), hanging(store, "high"):
        push(store, queue="q")
        heard = bell.wait(LONG, [*ill, "q"])

    assert (heard.queues, heard.hanging) == ({"q"}, set(ill))
    assert tried == [ill[0], "q"]


def test_queues_of_a_hanging_node_are_left_out_before_anybody_asks_them(
    store, settings, monkeypatch
):
    worker = make_worker(settings, *QUEUES)
    worker.buffer._prospect.may_find = False
    monkeypatch.setattr(worker.buffer._bell, "wait", lambda *_: Heard(hanging={"high"}))

    with worker.buffer._changed:
        worker.buffer._sleep()

    assert worker.buffer._fetcher.served() == ["q", "default"]
    wait_until(lambda: worker.buffer._fetcher.served() == list(QUEUES))  # it answers after all


def test_node_that_hangs_is_left_out_and_the_others_are_served(
    store, settings, ports, caplog, monkeypatch
):
    # Long enough that a busy machine is not taken for a wait for that node.
    monkeypatch.setattr(bell_module, "HANGS_AFTER", 4.0)
    settings = replace(settings, heartbeat=0.5)
    with running(make_worker(settings, *QUEUES)) as worker:
        wait_until(lambda: blocked(ports) == 3)
        with hanging(store, "high"):
            wait_until(lambda: "high" in worker.buffer._fetcher._obstacles.away, timeout=30)
            assert worker.buffer._fetcher.served() == ["q", "default"]
            for queue in ("q", "default", "q"):
                assert is_begun_within(4.0, store, queue)

        wait_until(lambda: "high" not in worker.buffer._fetcher._obstacles.away, timeout=30)
        (job_id,) = push(store, "high", job_class=QUICK)
        wait_until(lambda: is_gone(store, job_id, "high"))
    assert "worker.queues_away queues=high" in caplog.text
