"""The bell: how an idle worker sleeps until there is work. One thread of a process sleeps at a time."""

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from jobs.store.connection import Connection, RedisCluster, pool_for

if TYPE_CHECKING:
    from jobs.store.store import Store

#: A cluster cannot wait on keys of several nodes at once: there a sleeper listens to each bell in turn for so long.
CLUSTER_TURN_SECONDS = 0.05


class Bell:
    """A connection that blocks on the bells of some queues.

    Redis looks for timed-out clients only ten times a second, too coarse for jobs that are due at a moment. So the
    sleeper waits on its socket, by its own clock, and then has Redis end the wait.
    """

    def __init__(self, store: "Store", bells: Sequence[str]) -> None:
        """Take the keys to listen to; connects when first used."""
        self._store = store
        on_cluster = isinstance(store.client, RedisCluster) and len(bells) > 1
        self._turns = cycle([[bell] for bell in bells] if on_cluster else [list(bells)])
        self._longest = CLUSTER_TURN_SECONDS if on_cluster else float("inf")
        self._sleeper: tuple[str, Connection, int] | None = None

    def wait(self, seconds: float) -> None:
        """Sleep until a bell rings, another thread calls `interrupt`, or the time is up. Two or three round trips."""
        bells = next(self._turns)
        with self._store.available():
            pool = pool_for(self._store.client, bells[0])
            connection = pool.get_connection()
            try:
                self._wait_on(connection, bells, min(seconds, self._longest))
            except BaseException:
                connection.disconnect()
                raise
            finally:
                self._sleeper = None
                pool.release(connection)

    def _wait_on(self, connection: Connection, bells: list[str], seconds: float) -> None:
        connection.send_command("CLIENT", "ID")
        connection.send_command("BLPOP", *bells, 0)
        self._sleeper = (bells[0], connection, int(connection.read_response()))
        if not connection.can_read(timeout=seconds):
            self.interrupt()
        connection.read_response()

    def interrupt(self) -> None:
        """Wake the sleeper, if there is one. May be called by any thread. One round trip."""
        if sleeper := self._sleeper:
            bell, _, client_id = sleeper
            with self._store.available():
                pool = pool_for(self._store.client, bell)
                connection = pool.get_connection()
                try:
                    connection.send_command("CLIENT", "UNBLOCK", client_id)
                    connection.read_response()
                finally:
                    pool.release(connection)
