"""The bell: how an idle worker sleeps until there is work.

One thread of a process sleeps at a time. Redis looks for timed-out clients only ten times a second,
too coarse for jobs that are due at a moment. So the sleeper waits on its sockets by its own clock,
and then has Redis end the wait.

Behind the bell waits a fetch: Redis executes it the moment the bell rings, and the sleeper wakes
with a job in its hands. This saves a round trip for each job that comes to an idle worker.

A cluster cannot wait on the keys of several slots at once. There each bell has a connection of its
own, and the sleeper waits on all of them together.
"""

import os
import select
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import redis
from redis.exceptions import NoPermissionError

from jobs.errors import StoreUnavailable
from jobs.store.bounded import time_limit
from jobs.store.connection import Connection, ConnectionPool, RedisCluster, pool_for

if TYPE_CHECKING:
    from jobs.store.session import Session

#: How late Redis may be with a timeout that it keeps itself, in seconds.
COARSE = 0.2
#: A node that does not end a wait for so long, in seconds, is taken for one that hangs.
HANGS_AFTER = 1.0
#: Commands that wait behind the bells of some queues.
Armed = Mapping[str, tuple[Any, ...]]
_NOTHING: Armed = {}


@dataclass(slots=True)
class Heard:
    """What a sleep brought.

    `queues` are those whose bell was heard. It is silent now, so who does not serve them has to
    ring it again. `answers` are those to armed commands, by queue. An error of Redis is one too. An
    armed command without an answer may have been executed or not. `hanging` are the queues whose
    node hangs.
    """

    queues: set[str] = field(default_factory=set)
    answers: dict[str, Any] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)


class Bell:
    """Sleeps on the bells of some queues.

    `is_coarse` turns true for a user that Redis does not allow CLIENT UNBLOCK: then Redis ends each
    wait itself, up to a tenth of a second late, and nothing can be armed.
    """

    def __init__(self, session: "Session", queues: Sequence[str]) -> None:
        """Take the session and the queues to listen to, without connecting yet."""
        self._session = session
        self._queues = {session.keys(queue).bell: queue for queue in queues}
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)
        self.is_coarse = False
        closing = weakref.finalize(self, _close, self._wake_read, self._wake_write)
        closing.atexit = False  # at its exit a process may still wake a sleeper

    def wait(self, seconds: float, queues: Iterable[str], armed: Armed = _NOTHING) -> Heard:
        """Sleep until a bell rings, `interrupt` is called, or the time is up.

        The bells of `queues` are listened to. At the end Redis executes what is `armed` behind the
        bells, by queue and in its order. Two or three round trips. Raise StoreUnavailable when no
        bell can be listened to.
        """
        served = set(queues)
        bells = [bell for bell, queue in self._queues.items() if queue in served]
        heard = Heard()
        listeners = self._listen(bells, seconds, armed, heard)
        try:
            self._sleep(listeners, seconds)
        finally:
            self._end(listeners, heard)
        if listeners and not any(listener.is_well for listener in listeners):
            raise StoreUnavailable(self._session.url, "the connection was lost while waiting")
        self.is_coarse = self.is_coarse or any(listener.was_refused for listener in listeners)
        return heard

    def interrupt(self) -> None:
        """Wake the sleeper, now or as soon as it lies down.

        May be called by any thread, and asks no Redis.
        """
        with suppress(BlockingIOError):
            os.write(self._wake_write, b"!")

    def _listen(
        self, bells: list[str], seconds: float, armed: Armed, heard: Heard
    ) -> list["_Listener"]:
        """Return what listens. The queues of nodes that hang are noted in `heard`."""
        is_spread = isinstance(self._session.client, RedisCluster)
        groups = [[bell] for bell in bells] if is_spread else [bells] if bells else []
        listeners, failure = [], None
        for group in groups:
            queues = {bell: self._queues[bell] for bell in group}
            if not heard.hanging.isdisjoint(queues.values()):
                continue
            # The other nodes of a cluster wait meanwhile, and may have rung already.
            before = time_limit.deadline
            if is_spread:
                time_limit.change(time.monotonic() + HANGS_AFTER)
            try:
                listeners.append(self._listener(queues, seconds, armed))
            except StoreUnavailable as error:
                failure = error
                if isinstance(error.__cause__, redis.TimeoutError):
                    self._note_hanging(queues.values(), heard)
            finally:
                time_limit.deadline = before
        if failure and not listeners:
            raise failure
        return listeners

    def _listener(self, queues: dict[str, str], seconds: float, armed: Armed) -> "_Listener":
        behind = {queue: command for queue, command in armed.items() if queue in queues.values()}
        with self._session.available():
            pool = pool_for(self._session.client, next(iter(queues)))
            if not self.is_coarse:
                try:
                    return _Listener(pool, queues, behind)
                except NoPermissionError:
                    self.is_coarse = True
            return _Listener(pool, queues, limit=seconds)

    def _end(self, listeners: list["_Listener"], heard: Heard) -> None:
        """End every wait, first those whose answer is there.

        A node that hangs is asked once, however many of the queues it has.
        """
        for listener in sorted(listeners, key=_Listener.has_answer, reverse=True):
            if heard.hanging.isdisjoint(listener.queues.values()):
                listener.end(heard)
            else:
                listener.give_up()
            if listener.hangs:
                self._note_hanging(listener.queues.values(), heard)

    def _note_hanging(self, queues: Iterable[str], heard: Heard) -> None:
        """Note that the node of these queues hangs, and with it those beside them."""
        for queue in queues:
            heard.hanging.update(self._session.queues_beside(queue, list(self._queues.values())))

    def _sleep(self, listeners: list["_Listener"], seconds: float) -> None:
        if any(listener.has_answer() for listener in listeners):
            return
        poll = select.poll()
        for fd in (self._wake_read, *(listener.fileno() for listener in listeners)):
            poll.register(fd, select.POLLIN)
        late = COARSE if self.is_coarse else 0.0
        ready = {fd for fd, _ in poll.poll((seconds + late) * 1000)}
        if self._wake_read in ready:
            with suppress(BlockingIOError):
                os.read(self._wake_read, 1024)


def _wait_for_answer(connection: Connection) -> None:
    """Wait until there is something to read. Raise TimeoutError where the node hangs."""
    if not connection.can_read(timeout=HANGS_AFTER):
        raise redis.TimeoutError(f"no answer for {HANGS_AFTER} s")


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class _Listener:
    """One connection that waits on bells of one node.

    Behind them waits what is armed. With a `limit` in seconds, Redis ends the wait by itself.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        queues: Mapping[str, str],
        armed: Armed = _NOTHING,
        limit: float | None = None,
    ) -> None:
        self._pool = pool
        self._armed = armed
        #: By the keys of their bells.
        self.queues = queues
        self._connection: Connection = pool.get_connection()
        self._client_id: int | None = None
        self.is_well = True
        self.hangs = False
        self.was_refused = False
        # One that waits longer than asked for is ended by us; 0 would be for ever.
        wait = ("BLPOP", *queues, 0 if limit is None else max(limit, 0.01))
        first = [("CLIENT", "ID")] if limit is None else []
        try:
            commands = self._connection.pack_commands([*first, wait, *armed.values()])
            self._connection.send_packed_command(commands)
            if limit is None:
                self._client_id = int(self._connection.read_response())
        except BaseException:
            self._close()
            raise

    def fileno(self) -> int:
        socket = self._connection._sock  # noqa: SLF001  # redis-py shows it nowhere
        if socket is None:
            raise StoreUnavailable("", "the connection was lost while waiting")
        return socket.fileno()

    def has_answer(self) -> bool:
        """Whether there is something to read.

        It may be the end of the connection, which `end` then meets.
        """
        try:
            return bool(self._connection.can_read(timeout=0))
        except Exception:  # noqa: BLE001  # it broke just now
            return True

    def end(self, heard: Heard) -> None:
        """End the wait, and add what was heard and answered."""
        try:
            if not self.has_answer():
                if not self._unblock():
                    self._close()
                    return
                _wait_for_answer(self._connection)
            answer = self._connection.read_response()
            if answer:
                heard.queues.add(self.queues[answer[0].decode()])
            for queue in self._armed:
                heard.answers[queue] = self._read()
        except Exception as error:  # noqa: BLE001  # whoever fetches next meets it too, and reports it
            self.hangs = isinstance(error, redis.TimeoutError)
            self.give_up()
            return
        self._pool.release(self._connection)

    def give_up(self) -> None:
        """Close the connection, whose node does not answer or has gone."""
        self.is_well = False
        self._close()

    def _read(self) -> Any:
        """Return the answer to an armed command, which may be an error."""
        try:
            return self._connection.read_response()
        except redis.ResponseError as error:
            return error

    def _unblock(self) -> bool:
        """Have Redis end the wait, and return whether to expect an answer."""
        if self._client_id is None:
            return False
        connection = self._pool.get_connection()
        try:
            connection.send_command("CLIENT", "UNBLOCK", self._client_id)
            _wait_for_answer(connection)
            connection.read_response()
        except NoPermissionError:
            self.was_refused = True
            return False
        except redis.TimeoutError:
            connection.disconnect()
            raise
        finally:
            self._pool.release(connection)
        return True

    def _close(self) -> None:
        """Give up the connection: a wait that Redis still keeps ends with it."""
        self._connection.disconnect()
        # See `Breaks`: this one did not break.
        vars(self._connection)["was_connected"] = not self.is_well
        self._pool.release(self._connection)
