"""No caller of a direct line reads the answer of another.

So it is whatever happened to that one.
"""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import redis

from jobs.store import Store
from jobs.store.line import Line
from tests.jobs.store.sample_queue import new_job
from tests.jobs.worker.forking import exit_code, forked


@pytest.fixture
def line(store):
    return Line(store.client.connection_pool)


@contextmanager
def stammering_server() -> Iterator[str]:
    """Answer each command with its number, and say it twice.

    Yields the URL.
    """
    numbers = iter(range(1, 1_000))

    def serve(client: socket.socket) -> None:
        with client, suppress(OSError):
            while client.recv(1 << 16):
                client.sendall(b":%d\r\n" % next(numbers) * 2)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("way", ["send_again", "send", "begin"])
def test_signal_that_raises_an_error_of_redis_leaves_no_connection_behind(line, monkeypatch, way):
    """So does one whose handler asks Redis, and is refused there."""
    line.send("PING")
    begun = line.begin("ECHO", "first") if way == "begin" else None
    [connection] = [begun._connection] if begun else line._idle

    def strike():
        raise redis.ResponseError("of the handler of a signal")

    with monkeypatch.context() as patch:
        patch.setattr(connection._parser, "read_response", strike)
        with pytest.raises(redis.ResponseError):
            begun.answer() if begun else getattr(line, way)("ECHO", "first")

    assert line.send_again("ECHO", "second") == b"second"
    assert line.send_again("ECHO", "third") == b"third"


@pytest.mark.parametrize("way", ["send_again", "send", "begin"])
def test_answer_that_came_twice_is_read_once(way):
    with stammering_server() as url:
        store = Store(url, timeout=5.0)
        line = Line(store.client.connection_pool)

        def ask():
            return line.begin("PING").answer() if way == "begin" else getattr(line, way)("PING")

        assert [ask() for _ in range(5)] == [1, 2, 3, 4, 5]
        line.close()
        store.close()


def test_forked_child_opens_one_connection_for_its_event_loop(store):
    """It would look for one for ever, as its parent has the others."""
    store.intake.push("q", [new_job("a")])

    def get_ready():
        async def in_time():
            async with asyncio.timeout(5):
                return await store.get_line_ready()

        assert asyncio.run(in_time())
        os._exit(len(store._line._idle))

    assert exit_code(forked(get_ready)) == 1


def test_connection_that_is_found_broken_while_a_loop_waits_is_told_as_such(line, monkeypatch):
    """Some releases of redis-py close it then."""
    begun = line.begin("ECHO", "lost")

    def meet_the_end(timeout=0):
        raise ConnectionResetError("reset by peer")

    monkeypatch.setattr(begun._connection._parser, "can_read", meet_the_end)
    asyncio.run(begun.readable())

    with pytest.raises(redis.ConnectionError):
        begun.answer()
    assert line.send_again("ECHO", "next") == b"next"
