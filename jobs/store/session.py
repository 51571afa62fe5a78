"""One Redis and one namespace: the client, the keys and the scripts.

The desks are built on it: each a few calls for one who needs them. Redis unreachable, late or full
raises StoreUnavailable.
"""

import asyncio
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

import redis
from redis.exceptions import (
    NoPermissionError,
    RedisClusterException,
    ResponseError,
)

from jobs.errors import StoreUnavailable
from jobs.redis_url import hide_password
from jobs.shield import shielded
from jobs.store import permissions
from jobs.store.availability import is_unavailable, reason
from jobs.store.bell import Bell
from jobs.store.connection import Client, RedisCluster, connect
from jobs.store.keys import QueueKeys, SharedKeys
from jobs.store.line import Exchange, Line
from jobs.store.scripts import Scripts
from jobs.store.server import judge

#: Most jobs in one push, fetch or release: Lua cannot unpack more than some thousand values.
MOST_JOBS = 1_000
#: Queues whose key names are remembered. A page may be asked for any name, as often as people like.
MOST_KEYS = 4_096


class Session:
    """One Redis and one namespace.

    Threads may share it, and so may forked children: each opens connections of its own.
    """

    def __init__(self, url: str, namespace: str = "jobs", timeout: float = 1.0) -> None:
        """Take the URL, and the seconds to wait for a connection or an answer.

        It connects when it is first used.
        """
        self.url = hide_password(url)
        self.timeout = timeout
        self.client: Client = self._connect(url, timeout)
        self.shared = SharedKeys(namespace)
        self.namespace = namespace
        self.scripts = Scripts(self.client)
        self._keys: dict[str, QueueKeys] = {}
        self._line = (
            None if isinstance(self.client, RedisCluster) else Line(self.client.connection_pool)
        )

    def _connect(self, url: str, timeout: float) -> Client:
        with self.available():
            return connect(url, timeout)

    def keys(self, queue: str) -> QueueKeys:
        """Return the keys of a queue."""
        try:
            return self._keys[queue]
        except KeyError:
            return self._remember(queue)

    def _remember(self, queue: str) -> QueueKeys:
        if len(self._keys) >= MOST_KEYS:
            self._keys.clear()
        keys = self._keys[queue] = QueueKeys(self.namespace, queue)
        return keys

    @property
    def is_spread(self) -> bool:
        """Whether the queues lie on several nodes, of which only some may be away."""
        return isinstance(self.client, RedisCluster)

    def queues_beside(self, queue: str, queues: Sequence[str]) -> list[str]:
        """Return the queues on the same node of a cluster as this one.

        They are some of those given, and this one itself.
        """
        if not isinstance(self.client, RedisCluster):
            return list(queues)
        try:
            nodes = {
                name: self.client.get_node_from_key(self.keys(name).ready)
                for name in {queue, *queues}
            }
        except RedisClusterException:  # nobody has these slots just now
            return [queue]
        return [name for name, node in nodes.items() if node == nodes[queue]]

    def bell(self, queues: Sequence[str]) -> Bell:
        """Return a bell that rings when one of these queues has work.

        Each sleeper needs its own.
        """
        return Bell(self, queues)

    def available(self) -> "_Available":
        """Return a block that turns every sign of an absent Redis into StoreUnavailable.

        No interruption strikes inside.
        """
        return _Available(self.url)

    def run(self, script: str, queue: str, args: Sequence[Any]) -> Any:
        """Run a script with the keys of a queue and return what it returned.

        It is never sent twice. On a single node it takes the direct line. Raise StoreUnavailable.
        """
        keys = self.keys(queue).all
        with self.available():
            if self._line is None:
                return self.scripts.run(script, keys, args)
            return self.scripts.run_by(self._line.send, script, keys, args)

    def run_quickly(self, script: str, keys: Sequence[str | bytes], args: Sequence[Any]) -> Any:
        """Run a script that may be executed twice, and return what it returned.

        On a single node it takes the direct line. Raise StoreUnavailable.
        """
        with self.available():
            if self._line is None:
                return self.scripts.run(script, keys, args)
            return self.scripts.run_by(self._line.send_again, script, keys, args)

    def command(self, script: str, queue: str, args: Sequence[Any]) -> tuple[Any, ...]:
        """Return the command that runs a script of a queue, if Redis knows it."""
        return self.scripts.command(script, self.keys(queue).all, args)

    def begin(
        self, script: str, keys: Sequence[str | bytes], args: Sequence[Any]
    ) -> Exchange | None:
        """Send the command that runs a script, and leave the answer for later.

        Return None where there is no direct line, and nothing is sent. Raise StoreUnavailable.
        """
        if self._line is None:
            return None
        with self.available():
            return self._line.begin(*self.scripts.command(script, keys, args))

    async def get_line_ready(self) -> bool:
        """Let `begin` find a connection, and return whether there is a direct line.

        It connects in a thread, since that may take long. Raise StoreUnavailable.
        """
        if self._line is None:
            return False
        while not self._line.has_idle():  # another coroutine may take the one that was opened
            await asyncio.to_thread(self._open_one, self._line)
        return True

    def _open_one(self, line: Line) -> None:
        with self.available():
            line.open_one()

    def now(self) -> float:
        """Return the time by Redis' clock, in epoch seconds.

        One round trip, O(1); on a cluster one for each node that is away too. Raise
        StoreUnavailable.
        """
        with self.available():
            client = self.client
            told = _time_of_a_node(client) if isinstance(client, RedisCluster) else client.time()
        seconds, microseconds = told
        return float(seconds + microseconds / 1e6)

    def check_server(self) -> list[str]:
        """Return warnings about this Redis, and about what its user may not do.

        Three round trips. Raise ConfigurationError when it is too old to be used.
        """
        with self.available():
            try:
                found = judge(self.client.info(), self.url)
            except NoPermissionError:  # told below
                found = []
        return [*found, *self.check_permissions()]

    def check_permissions(self, commands: Iterable[str] = permissions.ALL) -> list[str]:
        """Return warnings about those of these commands that Redis does not allow us.

        It runs none of them. Two round trips, O(commands).
        """
        keys = (self.shared.queues, self.keys("default").ready)
        with self.available():
            return permissions.warnings(self.client, keys, commands)

    def close(self) -> None:
        """Close every connection. Call it before a fork.

        The store opens new ones when it is used again.
        """
        if self._line:
            self._line.close()
        self.client.close()


def _time_of_a_node(client: RedisCluster) -> Any:
    """Return what one node of a cluster tells, though others may be away."""
    failure: Exception | None = None
    for node in client.get_primaries():
        try:
            return client.time(target_nodes=node)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            failure = error
    raise failure or RedisClusterException("It has no node.")


class _Available:
    """The block of `Session.available`. A class, as a generator takes three times as long."""

    __slots__ = ("_shield", "_url")

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        self._shield = shielded()
        self._shield.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._shield.__exit__(kind, error, tb)
        if isinstance(error, Exception) and is_unavailable(error):
            is_answer = isinstance(error, ResponseError)
            raise StoreUnavailable(self._url, reason(error), is_answer=is_answer) from error
