"""What happens while a worker looks around.

It compares what Redis says of it with what it knows.
"""

import threading
from collections.abc import Iterator

import pytest

from jobs.uptime import uptime
from tests.jobs.worker.lossy_proxy import LossyProxy
from tests.jobs.worker.made_jobs import mark_of, push
from tests.jobs.worker.test_fetcher import Hands


@pytest.fixture
def proxy(redis_url) -> Iterator[LossyProxy]:
    proxy = LossyProxy(redis_url)
    yield proxy
    proxy.close()


def test_found_job_may_begin_no_later_than_if_it_was_taken_when_the_look_began(
    store, worker_settings, proxy, monkeypatch
):
    """A process slept in the middle of the look.

    It then began the job although others had it already.
    """
    lossy = type(store)(proxy.url, timeout=5.0)
    worker = Hands(lossy, worker_settings)
    push(store)
    proxy.lose(mark_of("fetch"))
    worker.fetch(1)
    read, began = lossy.running.payload, uptime()

    def sleep_and_read(queue, job_id):
        monkeypatch.setattr("jobs.worker.fetcher.uptime", lambda: uptime() + 3600)
        return read(queue, job_id)

    monkeypatch.setattr(lossy.running, "payload", sleep_and_read)
    [found] = worker.fetch(1).units

    assert found.begin_by < began + 60
    lossy.close()


def test_doubt_that_comes_up_during_a_look_outlives_it(store, worker_settings, monkeypatch):
    """It was once cleared together with the doubt before it.

    The look had answered only that one, so what Redis forgot stayed running for ever.
    """
    worker = Hands(store, worker_settings)
    worker.fetch(1)
    worker.fetcher.note_outage()
    list_running = store.running.list_running

    def list_and_break(queue, name):
        listed = list_running(queue, name)
        monkeypatch.undo()
        worker.fetcher.note_outage()
        return listed

    monkeypatch.setattr(store.running, "list_running", list_and_break)
    worker.fetch(1)

    assert worker.custody.doubtful == {"default"}
    worker.fetch(1)
    assert worker.custody.doubtful == set()


def test_look_around_in_many_queues_is_done_in_several_rounds(store, worker_settings, monkeypatch):
    """A slow Redis once kept the chores in one round for minutes."""
    monkeypatch.setattr("jobs.worker.fetcher.LONGEST_HAND_IN", 0.01)
    queues = ("high", "default", "low")
    worker = Hands(store, worker_settings, *queues)
    worker.fetch(1)
    worker.fetcher.note_outage()
    list_running, looked = store.running.list_running, []

    def list_slowly(queue, name):
        looked.append(queue)
        threading.Event().wait(0.02)
        return list_running(queue, name)

    monkeypatch.setattr(store.running, "list_running", list_slowly)
    rounds = 0
    while worker.custody.doubtful:
        worker.fetch(0)
        rounds += 1
        assert len(looked) <= rounds

    assert looked == list(queues)
