"""The client brings new jobs to Redis within a bounded time.

If it cannot, their caller hears of it.
"""

import time

import pytest
import redis

from jobs import Job, StoreUnavailable
from jobs.client import Client, get_client
from jobs.store import Store
from jobs.store.intake import Intake
from tests.conftest import free_port
from tests.jobs.enqueued import pushes, reads
from tests.jobs.store.sample_queue import SampleQueue, new_job
from tests.jobs.store.servers import running_server, silent_server

#: What a busy machine may add.
MARGIN = 1.5


class NoteJob(Job):
    def perform(self) -> None:
        """Do nothing."""


@pytest.fixture
def client(store):
    return Client(lambda: store, timeout=2.0)


def jobs(count, queue="q"):
    return [(queue, new_job(f"{n:05}")) for n in range(count)]


def test_jobs_reach_their_queues_in_order(client, store):
    client.push([("q", new_job("b")), ("other", new_job("c")), ("q", new_job("d"))])

    assert SampleQueue(store).ids("ready") == ["b", "d"]
    assert SampleQueue(store, "other").ids("ready") == ["c"]


def test_queues_become_known(client, store):
    client.push([("q", new_job("a")), ("other", new_job("b"))])

    assert store.client.smembers("jobs:queues") == {b"q", b"other"}


def test_queue_is_announced_once_in_a_while_only(client, store):
    client.push(jobs(1))
    before = reads(store.client)

    client.push([("q", new_job("b"))])

    assert reads(store.client) - before == 2  # the push, and the question itself


def test_nothing_to_push_asks_nothing(client, store):
    before = reads(store.client)

    client.push([])

    assert reads(store.client) - before == 1


def test_many_jobs_go_in_portions(client, store):
    client.push(jobs(2500))

    assert len(SampleQueue(store).ids("ready")) == 2500
    assert pushes(store.client) >= 3


@pytest.mark.parametrize("timeout", [0.2, 2.0])
def test_server_that_never_answers_costs_no_more_than_the_bound(settings, timeout):
    with silent_server() as port:
        settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "ENQUEUE_TIMEOUT": timeout}
        started = time.monotonic()

        with pytest.raises(StoreUnavailable):
            NoteJob.enqueue()

        assert time.monotonic() - started <= timeout + MARGIN


def test_server_that_stops_to_answer_costs_no_more_than_the_bound(settings, tmp_path):
    with running_server(tmp_path) as port, redis.Redis(port=port) as other:
        settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "ENQUEUE_TIMEOUT": 0.4}
        NoteJob.enqueue()
        other.execute_command("CLIENT", "PAUSE", 10_000, "ALL")
        started = time.monotonic()

        with pytest.raises(StoreUnavailable):
            NoteJob.enqueue()

        assert time.monotonic() - started <= 0.4 + MARGIN
        get_client().store.close()


def test_push_is_tried_again_until_the_bound(settings):
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0", "ENQUEUE_TIMEOUT": 0.4}
    started = time.monotonic()

    with pytest.raises(StoreUnavailable):
        NoteJob.enqueue()

    assert 0.15 <= time.monotonic() - started <= 0.4 + MARGIN


def test_wrong_password_is_not_shown(settings, tmp_path):
    with running_server(tmp_path) as port, redis.Redis(port=port) as other:
        other.config_set("requirepass", "correct")
        settings.JOBS = {
            "REDIS_URL": f"redis://:wrong-secret@127.0.0.1:{port}/0",
            "ENQUEUE_TIMEOUT": 0.1,
        }

        with pytest.raises(StoreUnavailable) as raised:
            NoteJob.enqueue()

    assert "wrong-secret" not in str(raised.value)


def test_job_that_cannot_be_announced_is_enqueued_all_the_same(redis_url):
    class GoingAway(Intake):
        """A Redis that goes away after the push."""

        def announce_queues(self, queues):
            raise StoreUnavailable("redis://away", "gone")

    store = Store(redis_url)
    store.intake = GoingAway(store)

    Client(lambda: store, 1.0).push([("q", new_job("a"))])

    assert SampleQueue(store).places() == {"a": ["ready"]}
    store.close()


def test_client_follows_the_settings(settings, redis_url):
    settings.JOBS = {"REDIS_URL": redis_url, "NAMESPACE": "one"}
    first = get_client()
    assert get_client() is first

    settings.JOBS = {"REDIS_URL": redis_url, "NAMESPACE": "two"}

    assert get_client() is not first
    assert get_client().store.namespace == "two"
