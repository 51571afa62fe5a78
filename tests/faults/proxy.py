"""A TCP proxy before Redis that breaks the connection.

It does so where a test wants it broken.
"""

import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import redis

from jobs.store.scripts import sources
from tests.faults.link import Link, Struck
from tests.faults.rules import Command, Fault, Rule, name_of, never, script_names


class Proxy:
    """Forwards every connection to Redis, unless its rule has something else in mind.

    It listens at `url`; the rule decides about each command.

    `struck` are the commands that met their fault, `names` all that passed, `counts` how many of
    each name.
    """

    def __init__(
        self,
        redis_url: str,
        rule: Rule = never,
        *,
        knows_scripts: bool = True,
        on_strike: Callable[[Struck], None] = lambda struck: None,
    ) -> None:
        """Listen before the Redis at this URL.

        `knows_scripts`: load all scripts first, so that the call of one is executed and not
        answered by NOSCRIPT. `on_strike` hears of each fault before the sender feels it.
        """
        self._target = (urlsplit(redis_url).hostname, urlsplit(redis_url).port)
        self._rule, self._on_strike = rule, on_strike
        self._scripts = script_names()
        self._lock = threading.Lock()
        self._links: list[Link] = []
        self.names: list[str] = []
        self.struck: list[Struck] = []
        self.is_down = False
        if knows_scripts:
            load_scripts(redis_url)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def counts(self) -> Counter[str]:
        """Return how many commands of each name came."""
        with self._lock:
            return Counter(self.names)

    def struck_by(self, name: str) -> list[Struck]:
        """Return the faults that commands of one name met."""
        with self._lock:
            return [struck for struck in self.struck if struck.command.name == name]

    def go_down(self) -> None:
        """Cut every connection and take no new ones until `come_up`."""
        self.is_down = True
        self._cut_all()

    def come_up(self) -> None:
        """Take connections again."""
        self.is_down = False

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self.is_down = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut_all()

    def _cut_all(self) -> None:
        with self._lock:
            links, self._links = self._links, []
        for link in links:
            link.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        try:
            if self.is_down:
                raise ConnectionRefusedError
            server = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._links.append(Link(client, server, self._receive, self._report))
        if self.is_down:  # it went down meanwhile
            self._cut_all()

    def _receive(self, raw: bytes, words: list[bytes]) -> tuple[Command, Fault | None]:
        name = name_of(words, self._scripts)
        with self._lock:
            self.names.append(name)
            command = Command(len(self.names), name, words, raw)
            return command, self._rule(command)

    def _report(self, struck: Struck) -> None:
        with self._lock:
            self.struck.append(struck)
        self._on_strike(struck)


def load_scripts(redis_url: str) -> None:
    """Let Redis know all scripts, so that each call of one is executed."""
    with redis.Redis.from_url(redis_url) as client:
        for text in sources().values():
            client.script_load(text)
