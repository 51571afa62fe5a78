"""A push whose answer is read later.

The connection is nobody else's until then, and is given up with an answer that is lost.
"""

import os

import pytest
import redis

from jobs import StoreUnavailable
from jobs.store import MOST_JOBS, NewJob, Store
from jobs.store.line import Line
from tests.jobs.store.sample_queue import SampleQueue, new_job, raw_payload
from tests.jobs.store.servers import running_server
from tests.jobs.worker.forking import exit_code, forked


@pytest.fixture
def line(store):
    return Line(store.client.connection_pool)


def test_answer_comes_to_whoever_began(line):
    first = line.begin("ECHO", "first")
    assert line.send_again("ECHO", "between") == b"between"

    assert first.answer() == b"first"
    assert line.send_again("ECHO", "after") == b"after"


def test_error_of_redis_leaves_the_connection_in_use(line):
    line.send_again("SET", "text", "no number")

    with pytest.raises(redis.ResponseError):
        line.begin("INCR", "text").answer()

    assert len(line._idle) == 1
    assert line.send_again("GET", "text") == b"no number"


def test_answer_that_was_given_up_is_read_by_nobody(line):
    line.begin("ECHO", "dropped").drop()

    assert line.send_again("ECHO", "next") == b"next"


def test_forked_child_does_not_read_the_answer_of_its_parent(line):
    begun = line.begin("ECHO", "parent")

    def ask():
        try:
            begun.answer()
        except redis.ConnectionError:
            os._exit(0)
        os._exit(1)

    assert exit_code(forked(ask)) == 0
    assert begun.answer() == b"parent"


def test_push_that_was_begun_is_in_when_its_answer_is_there(q):
    q.store.intake.push("q", [new_job("a")])  # Redis knows the script from now on

    underway = q.store.intake.begin("q", [new_job("b"), new_job("c")])

    assert underway.is_done()
    assert q.ids("ready") == ["a", "b", "c"]


def test_redis_that_does_not_know_the_script_took_nothing(q):
    q.client.script_flush()

    assert not q.store.intake.begin("q", [new_job("a")]).is_done()
    assert q.places() == {}


def test_lost_answer_is_told(tmp_path):
    with running_server(tmp_path) as port:
        store = Store(f"redis://127.0.0.1:{port}/0", timeout=0.5)
        store.intake.push("q", [new_job("warm")])
        underway = store.intake.begin("q", [new_job("a")])
        with redis.Redis(port=port) as other:
            other.client_kill_filter(_type="normal", skipme=True)
        # The answer may have come before: then it is as good as any.
        try:
            assert underway.is_done()
        except StoreUnavailable:
            assert SampleQueue(store).payload("a") == raw_payload("a")
        store.close()


def test_jobs_of_several_priorities_and_times_go_in_one_push(q):
    jobs = [
        NewJob("low", raw_payload("low", -1), -1),
        NewJob("later", raw_payload("later"), 0, "+100000"),
        NewJob("high", raw_payload("high", 1), 1),
    ]

    assert q.store.intake.push("q", jobs) == 3

    assert q.ids("ready") == ["high", "low"]
    assert q.ids("scheduled") == ["later"]


def test_most_jobs_of_several_priorities_go_in_one_push(q):
    jobs = [new_job(f"{n:04}", priority=n % 2) for n in range(MOST_JOBS)]

    assert q.store.intake.push("q", jobs) == MOST_JOBS


def test_only_what_is_new_of_a_push_is_written(q):
    q.push("b")

    assert q.store.intake.push("q", [new_job("a"), NewJob("b", b"other", 5), new_job("c")]) == 2

    assert set(q.ids("ready")) == {"a", "b", "c"}
    assert q.payload("b") == raw_payload("b")
    assert q.payload("c") == raw_payload("c")
