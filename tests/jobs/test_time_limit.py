"""The time that an enqueue may take.

It holds for all that a push needs, on a new connection too.
"""

import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import redis

from jobs import Job, StoreUnavailable
from jobs.client import get_client
from jobs.store.bounded import time_limit
from tests.jobs.delaying_proxy import delaying_proxy
from tests.jobs.store.servers import running_server, silent_server

TIMEOUT = 2.4
#: How long an answer is kept back, in seconds.
#: A push on a new connection needs two answers: to the script, and to its source if that is lost.
LAG = 0.9
#: What a busy machine may add.
MARGIN = 1.0


class NoteJob(Job):
    def perform(self) -> None:
        """Do nothing."""


@contextmanager
def within_the_bound():
    started = time.monotonic()
    yield
    assert time.monotonic() - started <= TIMEOUT + MARGIN


@contextmanager
def far_away(settings, url):
    """Let the jobs go to a Redis whose every answer takes its time."""
    parts = urlsplit(url)
    with delaying_proxy(parts.port, LAG) as port:
        far = parts._replace(netloc=parts.netloc.replace(str(parts.port), str(port))).geturl()
        settings.JOBS = {"REDIS_URL": far, "ENQUEUE_TIMEOUT": TIMEOUT}
        yield
        get_client().store.close()


def test_new_connection_and_lost_script_are_within_the_bound(settings, store, redis_url):
    store.client.script_flush()

    with far_away(settings, redis_url), within_the_bound():
        NoteJob.enqueue()

    assert store.client.zcard(store.keys("default").ready) == 1


def test_handshake_that_takes_too_long_is_given_up_in_time(settings, tmp_path):
    with running_server(tmp_path) as port:
        with redis.Redis(port=port) as other:
            other.config_set("requirepass", "secret")
        url = f"redis://:secret@127.0.0.1:{port}/3"
        with far_away(settings, url), within_the_bound(), pytest.raises(StoreUnavailable):
            NoteJob.enqueue()


def test_queue_is_announced_later_when_time_is_short(settings, store, redis_url):
    store.client.script_flush()

    with far_away(settings, redis_url):
        NoteJob.enqueue()
        at_first = store.client.smembers("jobs:queues")
        with within_the_bound():
            NoteJob.enqueue()

    assert at_first == set()
    assert store.client.smembers("jobs:queues") == {b"default"}


def test_many_silent_sentinels_cost_no_more_than_the_bound(settings):
    with silent_server() as port:
        hosts = ",".join([f"127.0.0.1:{port}"] * 5)
        settings.JOBS = {
            "REDIS_URL": f"redis+sentinel://{hosts}/main/0",
            "ENQUEUE_TIMEOUT": TIMEOUT,
        }

        with within_the_bound(), pytest.raises(StoreUnavailable):
            NoteJob.enqueue()


def test_silent_cluster_costs_no_more_than_the_bound(settings):
    with silent_server() as port:
        settings.JOBS = {
            "REDIS_URL": f"redis+cluster://127.0.0.1:{port}",
            "ENQUEUE_TIMEOUT": TIMEOUT,
        }

        with within_the_bound(), pytest.raises(StoreUnavailable):
            NoteJob.enqueue()


def test_limit_ends_with_the_push(settings, redis_url):
    NoteJob.enqueue()
    after_success = time_limit.deadline
    with silent_server() as port:
        settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{port}", "ENQUEUE_TIMEOUT": 0.05}
        with pytest.raises(StoreUnavailable):
            NoteJob.enqueue()

    assert (after_success, time_limit.deadline) == (None, None)


def test_push_within_a_limit_of_its_caller_sets_it_back(settings, redis_url):
    limit = time.monotonic() + 0.3
    time_limit.deadline = limit
    try:
        NoteJob.enqueue()
        after_success = time_limit.deadline
        with silent_server() as port:
            settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{port}", "ENQUEUE_TIMEOUT": 0.05}
            with pytest.raises(StoreUnavailable):
                NoteJob.enqueue()
        assert (after_success, time_limit.deadline) == (limit, limit)
    finally:
        time_limit.deadline = None


def test_push_leaves_a_connection_with_its_own_patience(redis_url, settings):
    settings.JOBS = {"REDIS_URL": redis_url, "ENQUEUE_TIMEOUT": 5.0}
    time_limit.deadline = time.monotonic() + 0.5
    client = get_client().store.client
    client.ping()
    time_limit.deadline = None

    with redis.Redis.from_url(redis_url) as other:
        other.execute_command("CLIENT", "PAUSE", 800, "ALL")

    assert client.ping()
