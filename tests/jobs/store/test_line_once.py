"""A direct line for commands that must not be sent twice."""

import pytest
import redis
from redis.exceptions import NoScriptError

from jobs.store import Store, Terms
from jobs.store.line import Line
from tests.faults.proxy import Proxy
from tests.faults.rules import Fault, Kind, nth
from tests.jobs.store.servers import running_server


@pytest.fixture
def line(store):
    return Line(store.client.connection_pool)


@pytest.fixture
def broken_line(redis_url):
    """Return a function that makes a line which breaks at one INCR."""
    proxies, stores = [], []

    def make(kind, number=1):
        proxies.append(Proxy(redis_url, nth(number, Fault(kind), "INCR")))
        stores.append(Store(proxies[-1].url, timeout=5.0))
        return Line(stores[-1].client.connection_pool), proxies[-1]

    yield make
    for each in (*stores, *proxies):
        each.close()


def count(store):
    return int(store.client.get("count") or 0)


@pytest.mark.parametrize(
    ("kind", "executed"), [(Kind.BEFORE, 0), (Kind.AFTER, 1), (Kind.MIDDLE, 1)]
)
def test_command_whose_answer_is_lost_is_not_sent_again(store, broken_line, kind, executed):
    line, proxy = broken_line(kind)

    with pytest.raises(redis.ConnectionError):
        line.send("INCR", "count")

    assert count(store) == executed
    assert proxy.counts["INCR"] == 1


@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.MIDDLE])
def test_broken_answer_leaves_no_connection_behind(store, broken_line, kind):
    line, _ = broken_line(kind, number=2)
    line.send("INCR", "count")
    before = count(store)
    with pytest.raises(redis.ConnectionError):
        line.send("INCR", "count")

    assert line._idle == []
    assert line.send("ECHO", "next") == b"next"
    assert count(store) <= before + 1


def test_answer_that_is_none_of_the_protocol_leaves_no_connection_behind(line, monkeypatch):
    line.send("PING")

    def answer_nonsense():
        raise redis.exceptions.InvalidResponse("what is this")

    with monkeypatch.context() as patch:
        patch.setattr(line._idle[0]._parser, "read_response", answer_nonsense)
        with pytest.raises(redis.exceptions.InvalidResponse):
            line.send("ECHO", "first")

    assert line._idle == []
    assert line.send("ECHO", "second") == b"second"


def test_signal_that_raises_in_the_middle_leaves_no_connection_behind(line, monkeypatch):
    line.send("PING")

    def strike():
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(line._idle[0]._parser, "read_response", strike)
        with pytest.raises(SystemExit):
            line.send("ECHO", "first")

    assert line.send("ECHO", "second") == b"second"


def test_connection_that_broke_while_idle_is_made_anew_before(store, line):
    line.send("PING")
    store.client.client_kill_filter(_type="normal", skipme=True)

    assert line.send("INCR", "count") == 1
    assert line.send("INCR", "count") == 2


def test_connection_with_an_answer_that_nobody_asked_for_is_made_anew(line):
    line.send("PING")
    line._idle[0].send_command("ECHO", "of another")
    assert line._idle[0].can_read(timeout=5)

    assert line.send("ECHO", "mine") == b"mine"


def test_error_of_redis_leaves_the_connection_in_use(line):
    line.send("SET", "text", "no number")
    [connection] = line._idle

    with pytest.raises(redis.ResponseError):
        line.send("INCR", "text")

    assert line._idle == [connection]
    assert line.send("GET", "text") == b"no number"


def test_redis_that_is_away_is_told_at_once_and_found_again(tmp_path):
    with running_server(tmp_path) as port:
        store = Store(f"redis://127.0.0.1:{port}/0", timeout=0.5)
        line = Line(store.client.connection_pool)
        line.send("PING")
    with pytest.raises(redis.ConnectionError):
        line.send("PING")
    assert line._idle == []
    store.close()


def test_fetch_takes_the_line_and_is_never_sent_again(store, redis_url):
    """A second one would take more jobs beside those of the first."""
    proxy = Proxy(redis_url, nth(1, Fault(Kind.AFTER), "fetch"))
    lossy = Store(proxy.url, timeout=5.0)

    with pytest.raises(Exception, match="Redis"):
        lossy.running.fetch("q", "w", 1, terms=Terms(15.0), first=1)

    assert proxy.counts["fetch"] == 1
    assert store.client.hget(store.keys("q").seen, "w") == b"1"
    lossy.close()
    proxy.close()


def test_script_that_redis_forgot_is_told_to_the_caller(store, line):
    with pytest.raises(NoScriptError):
        line.send("EVALSHA", "0" * 40, 0)

    store.client.script_flush()
    assert store.running.fetch("q", "w", 0, terms=Terms(15.0), first=1).state == "new"
