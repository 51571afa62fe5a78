"""The direct line to Redis.

It has few connections. They are kept, made anew, and never shared by two callers at a time.
"""

import os
import threading
from contextlib import suppress

import pytest
import redis

from jobs.store import Store
from jobs.store.line import Line
from tests.jobs.store.sample_queue import new_job
from tests.jobs.store.servers import running_server
from tests.jobs.worker.forking import exit_code, forked
from tests.waiting import wait_until


@pytest.fixture
def line(store):
    return Line(store.client.connection_pool)


def connections(store):
    """Return the ids of the connections to the server.

    Those of other tests may end at any time.
    """
    return {client["id"] for client in store.client.client_list()}


def drop_all(store):
    """Have Redis close every connection but that of the caller."""
    store.client.client_kill_filter(_type="normal", skipme=True)


def test_one_caller_after_the_other_needs_one_connection(store, line):
    before = connections(store)

    for number in range(20):
        assert line.send_again("ECHO", number) == str(number).encode()

    assert len(connections(store) - before) == 1


def test_callers_at_the_same_time_get_their_own_answers(line):
    wrong = []

    def call(name):
        for number in range(200):
            text = f"{name} {number}"
            if line.send_again("ECHO", text) != text.encode():
                wrong.append(text)

    threads = [threading.Thread(target=call, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_connection_that_broke_while_idle_is_made_anew(store, line):
    line.send_again("PING")
    drop_all(store)

    assert line.send_again("ECHO", "again") == b"again"


def test_error_of_redis_leaves_the_connection_in_use(store, line):
    line.send_again("SET", "text", "no number")
    before = connections(store)

    for _ in range(3):
        with pytest.raises(redis.ResponseError):
            line.send_again("INCR", "text")

    assert line.send_again("GET", "text") == b"no number"
    assert connections(store) <= before


def test_name_that_is_no_utf_8_reaches_the_same_bytes(store, line):
    line.send_again("SET", "k\udcff", "v\udcfe")

    assert store.client.get(b"k\xff") == b"v\xfe"


def test_forked_child_uses_none_of_the_connections(line):
    line.send_again("PING")

    def ask():
        os._exit(0 if line.send_again("ECHO", "child") == b"child" else 1)

    child = forked(ask)

    assert line.send_again("ECHO", "parent") == b"parent"
    assert exit_code(child) == 0


def test_answer_that_came_too_late_is_never_read_by_the_next_caller(tmp_path):
    with running_server(tmp_path) as port:
        store = Store(f"redis://127.0.0.1:{port}/0", timeout=0.2)
        line = Line(store.client.connection_pool)
        line.send_again("PING")
        with redis.Redis(port=port) as other:
            other.execute_command("CLIENT", "PAUSE", 400, "ALL")
        with pytest.raises(redis.TimeoutError):
            line.send_again("ECHO", "late")

        answers: list[object] = []
        wait_until(lambda: ask(line, "next", answers), timeout=5)

        assert answers[-1] == b"next"
        store.close()


def ask(line, text, answers):
    """Note the answer, if there is one in time."""
    with suppress(redis.TimeoutError):
        answers.append(line.send_again("ECHO", text))
    return bool(answers)


def test_signal_that_raises_in_the_middle_gives_nobody_the_answer_of_another(line, monkeypatch):
    """A web server ends slow requests by such a signal.

    The next caller would have read the answer of that one.
    """

    def strike(*args, **kwargs):
        raise SystemExit

    line.send_again("PING")
    with monkeypatch.context() as patch:
        patch.setattr(line._idle[0]._parser, "read_response", strike)
        with pytest.raises(SystemExit):
            line.send_again("ECHO", "first")

    assert line.send_again("ECHO", "second") == b"second"


def test_script_that_redis_forgot_is_sent_whole(store):
    store.client.script_flush()

    assert store.intake.push("q", [new_job("a")]) == 1
    assert store.client.script_exists(store.scripts.sha("push")) == [True]


def test_store_that_is_closed_can_be_used_again(store):
    store.intake.push("q", [new_job("a")])

    store.close()

    assert store.intake.push("q", [new_job("b")]) == 1
