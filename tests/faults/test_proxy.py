"""The proxy does to a command what it is told, and nothing else."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import redis

from jobs.errors import StoreUnavailable
from jobs.store import Store
from jobs.store.scripts import sources
from tests.faults.proxy import Proxy
from tests.faults.resp import take_answers
from tests.faults.rules import Fault, Kind, every, first_of, nth, script_names
from tests.jobs.worker.made_jobs import client_of
from tests.waiting import wait_until

pytestmark = pytest.mark.redis


@pytest.fixture
def make_proxy(redis_url) -> Iterator[Callable[..., Proxy]]:
    proxies = []

    def make(*rules) -> Proxy:
        proxies.append(Proxy(redis_url, first_of(*rules)))
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()


class Line:
    """A plain connection, on which only the test's own commands travel.

    None is the end.
    """

    def __init__(self, proxy: Proxy) -> None:
        self._socket = socket.create_connection(("127.0.0.1", urlsplit(proxy.url).port), timeout=5)
        self._received = bytearray()

    def send(self, *commands: str) -> None:
        packed = [command.split() for command in commands]
        self._socket.sendall(b"".join(map(pack, packed)))

    def read(self) -> bytes | None:
        while True:
            for answer in take_answers(self._received):
                return answer
            chunk = self._socket.recv(1 << 16)
            if not chunk:
                return None
            self._received += chunk

    def ask(self, command: str) -> bytes | None:
        self.send(command)
        return self.read()

    def close(self) -> None:
        self._socket.close()

    @property
    def rest(self) -> bytes:
        """What came before the end and is no whole answer."""
        return bytes(self._received)


def pack(words: list[str]) -> bytes:
    """Return a command as a client sends it."""
    packed = [b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words]
    return b"*%d\r\n" % len(words) + b"".join(packed)


@pytest.fixture
def connect() -> Iterator[Callable[[Proxy], Line]]:
    lines = []

    def connect(proxy: Proxy) -> Line:
        lines.append(Line(proxy))
        return lines[-1]

    yield connect
    for line in lines:
        line.close()


CUTS = [(Kind.BEFORE, False), (Kind.AFTER, True), (Kind.MIDDLE, True)]


@pytest.mark.parametrize(("kind", "is_done"), CUTS)
def test_command_is_cut_before_or_after_it_is_executed(store, make_proxy, connect, kind, is_done):
    proxy = make_proxy(nth(2, Fault(kind)))
    line = connect(proxy)
    assert line.ask("SET a 1") == b"+OK\r\n"

    assert line.ask("SET b 2") is None

    assert client_of(store).get("a") == b"1"
    assert client_of(store).exists("b") == is_done
    assert [(struck.command.name, struck.fault.kind) for struck in proxy.struck] == [("SET", kind)]
    assert proxy.names == ["SET", "SET"]


def test_late_answer_comes_late_and_whole(store, make_proxy, connect):
    line = connect(make_proxy(nth(2, Fault(Kind.LATE, 0.2))))
    line.ask(f"SET a {'x' * 10_000}")

    asked = time.monotonic()
    assert line.ask("GET a") == b"$10000\r\n" + b"x" * 10_000 + b"\r\n"
    assert time.monotonic() - asked >= 0.2


def test_half_an_answer_reaches_the_client(store, make_proxy, connect):
    client_of(store).set("a", "x" * 1000)
    line = connect(make_proxy(nth(1, Fault(Kind.MIDDLE))))

    assert line.ask("GET a") is None

    assert line.rest.startswith(b"$1000\r\nxxx")
    assert len(line.rest) == len(b"$1000\r\n" + b"x" * 1000 + b"\r\n") // 2


def test_only_what_follows_in_a_pipeline_is_cut(store, make_proxy, connect):
    line = connect(make_proxy(nth(3, Fault(Kind.BEFORE))))
    line.send("SET a 1", "SET b 1", "SET c 1", "SET d 1")

    assert [line.read() for _ in range(3)] == [b"+OK\r\n", b"+OK\r\n", None]
    assert client_of(store).exists("a", "b", "c", "d") == 2


def test_command_that_blocks_holds_up_no_other_connection(make_proxy, connect):
    proxy = make_proxy()
    sleeper, other = connect(proxy), connect(proxy)
    sleeper.send("BLPOP bell 0")

    other.ask("RPUSH bell ring")

    assert sleeper.read() == b"*2\r\n$4\r\nbell\r\n$4\r\nring\r\n"
    assert sorted(proxy.names) == ["BLPOP", "RPUSH"]


def test_lost_answer_of_a_blocking_command_takes_the_token_along(store, make_proxy, connect):
    line = connect(make_proxy(every(1, "BLPOP", Fault(Kind.AFTER))))
    client_of(store).rpush("bell", "ring")

    assert line.ask("BLPOP bell 0") is None

    assert client_of(store).llen("bell") == 0


def test_scripts_are_known_by_name_whether_called_by_hash_or_text(make_proxy):
    proxy = make_proxy()
    hashes = {name: sha for sha, name in script_names().items()}

    with redis.Redis.from_url(proxy.url, protocol=2) as client:
        with suppress(redis.ResponseError):  # without its keys it does nothing
            client.evalsha(hashes["fetch"], 0)
        with suppress(redis.ResponseError):
            client.eval(sources()["push"], 0)

    assert [name for name in proxy.names if not name.startswith("CLIENT")] == ["fetch", "push"]


def test_every_second_call_of_a_script_is_cut(make_proxy):
    proxy = make_proxy(every(2, "list_running", Fault(Kind.AFTER)))
    through = Store(proxy.url, timeout=5.0)

    for _ in range(2):
        list(through.running.list_running("default", "w"))
        with pytest.raises(StoreUnavailable):
            list(through.running.list_running("default", "w"))
    through.close()

    assert proxy.counts["list_running"] == 4
    assert len(proxy.struck) == 2


def test_client_learns_at_once_that_the_proxy_is_down(make_proxy, connect):
    proxy = make_proxy()
    line = connect(proxy)
    line.send("BLPOP bell 0")
    wait_until(lambda: proxy.counts["BLPOP"])

    proxy.go_down()

    assert line.read() is None
    with suppress(ConnectionError):
        assert connect(proxy).read() is None
    proxy.come_up()
    assert connect(proxy).ask("PING") == b"+PONG\r\n"


def test_client_learns_at_once_that_redis_is_gone(store, make_proxy, connect):
    proxy = make_proxy()
    line = connect(proxy)
    line.ask("PING")

    client_of(store).client_kill_filter(_type="normal", skipme=True)

    assert line.read() is None
