"""While Redis works on one batch of an `enqueue_many`, the next is made.

What was sent is settled before anybody hears of an error, and sent again when its answer is lost.
"""

import pytest

from jobs import InvalidArguments, Job, StoreUnavailable
from jobs.client import Client
from jobs.stream import Stream
from tests.jobs.enqueued import arguments, pushes
from tests.jobs.store.sample_queue import SampleQueue, new_job
from tests.jobs.worker.lossy_proxy import LossyProxy


class NoteJob(Job):
    def perform(self, text: str = "", *, tag: str = "") -> None:
        """Do nothing."""


@pytest.fixture
def stream(store):
    return Stream(Client(lambda: store, timeout=2.0))


def jobs(*ids, queue="q"):
    return [(queue, new_job(each)) for each in ids]


def test_batch_is_in_when_the_next_is_sent_and_the_last_when_it_is_settled(stream, store):
    stream.send(jobs("warm"))
    stream.send(jobs("a", "b"))
    assert stream.pushed == 1

    stream.settle()

    assert stream.pushed == 3
    assert set(SampleQueue(store).ids("ready")) == {"warm", "a", "b"}


def test_batch_of_several_queues_goes_in_one_round_trip_of_its_own(stream, store):
    stream.send(jobs("a") + jobs("b", queue="other"))

    assert stream.pushed == 2
    assert SampleQueue(store, "other").ids("ready") == ["b"]


def test_redis_that_lost_the_scripts_gets_each_job_once(stream, store):
    stream.send(jobs("a"))
    store.client.script_flush()
    stream.send(jobs("b"))
    stream.settle()

    assert SampleQueue(store).ids("ready") == ["a", "b"]
    assert stream.pushed == 2


def test_queues_become_known(stream, store):
    stream.send(jobs("a"))
    stream.settle()

    assert store.client.smembers("jobs:queues") == {b"q"}


def test_nothing_is_left_to_settle_of_what_was_dropped(stream, store):
    stream.send(jobs("a"))
    stream.drop()
    stream.settle()

    assert stream.pushed == 0
    stream.send(jobs("b"))
    stream.settle()
    assert stream.pushed == 1


def test_batch_whose_answer_is_lost_is_sent_again_and_inserted_once(redis_url, settings, store):
    proxy = LossyProxy(redis_url)
    settings.JOBS = {"REDIS_URL": proxy.url, "ENQUEUE_TIMEOUT": 5.0}
    NoteJob.using(commit="immediate").enqueue("warm")

    proxy.lose("push")
    NoteJob.enqueue_many([[str(n)] for n in range(30)], batch_size=10)

    assert proxy.lost.is_set()
    assert arguments(store) == [["warm"], *([str(n)] for n in range(30))]
    proxy.close()


def test_wrong_arguments_in_a_later_batch_leave_what_was_sent_before(store):
    with pytest.raises(InvalidArguments) as raised:
        NoteJob.enqueue_many([["a"], ["b"], [object()]], batch_size=1)

    assert raised.value.__notes__ == ["2 jobs of this call stay, or do at the commit."]
    assert arguments(store) == [["a"], ["b"]]


def test_error_of_the_caller_is_raised_as_it_is(store):
    def items():
        yield ["a"]
        raise LookupError("of the caller")

    with pytest.raises(LookupError, match="of the caller"):
        NoteJob.enqueue_many(items(), batch_size=1)

    assert arguments(store) == [["a"]]


def test_error_of_a_job_that_an_item_enqueues_leaves_what_was_sent_before(store):
    def items():
        yield ["a"]
        yield ["b"]
        raise StoreUnavailable("redis://other", "away")

    with pytest.raises(StoreUnavailable, match="other") as raised:
        NoteJob.enqueue_many(items(), batch_size=1)

    assert raised.value.__notes__ == ["2 jobs of this call stay, or do at the commit."]
    assert arguments(store) == [["a"], ["b"]]


def test_interruption_from_outside_gives_the_answer_up(store):
    def items():
        yield ["a"]
        yield ["b"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        NoteJob.enqueue_many(items(), batch_size=1)

    NoteJob.enqueue("c")
    assert ["c"] in arguments(store)


def test_items_that_enqueue_jobs_themselves_are_read_in_between(store):
    def items():
        for n in range(4):
            NoteJob.enqueue(f"inner {n}")
            yield [str(n)]

    NoteJob.enqueue_many(items(), batch_size=2)

    assert len(arguments(store)) == 8


def test_redis_that_is_away_is_told_with_the_number_of_jobs(settings):
    settings.JOBS = {"REDIS_URL": "redis://127.0.0.1:1/0", "ENQUEUE_TIMEOUT": 0.1}

    with pytest.raises(StoreUnavailable) as raised:
        NoteJob.enqueue_many([["a"], ["b"]], batch_size=1)

    assert (raised.value.pushed, raised.value.jobs) == (0, 1)


def test_each_batch_is_one_push(store):
    NoteJob.enqueue("warm")
    store.client.config_resetstat()

    NoteJob.enqueue_many([[str(n)] for n in range(30)], batch_size=10)

    assert pushes(store.client) == 3
