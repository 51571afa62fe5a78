"""A direct line to one node, for calls that each job makes.

It is a few connections that are kept open. The client of redis-py takes a lock, looks
whether the connection is still good, and passes each command through four layers. That
takes longer than Redis takes for the command. A line has redis-py open its connections,
and then writes and reads by itself.
"""

import asyncio
import os
from contextlib import suppress
from typing import Any

import redis
from hiredis import pack_command
from redis.connection import Connection, ConnectionPool
from redis.exceptions import ReadOnlyError

from jobs.store.bounded import limit

#: Bytes that fit into the buffers of a socket, so that sending them does not wait.
_SMALL = 65_536


class Line:
    """As many connections as there are callers at the same time.

    Threads and forked children may share it.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        """Take the pool that knows how to connect.

        The connections are none of its own.
        """
        self._pool = pool
        self._pid = os.getpid()
        self._idle: list[Connection] = []  # taking from a list, and putting back, needs no lock

    def send_again(self, *command: Any) -> Any:
        """Send a command that may be executed twice, and return the answer.

        A connection that broke while nobody used it is made anew, and the command sent
        once more. Raise what redis-py raises.
        """
        packed = _pack(command)
        connection = self._take()
        try:
            try:
                answer = _exchange(connection, packed)
            except redis.ConnectionError:
                connection.disconnect()
                answer = _exchange(connection, packed)
        except redis.ResponseError:
            self._idle.append(connection)
            raise
        except BaseException:
            # A signal may have raised before the answer was read, and nobody may ever read it.
            connection.disconnect()
            raise
        self._idle.append(connection)
        return answer

    def send(self, *command: Any) -> Any:
        """Send a command that must not be sent again, and return the answer.

        A connection that broke while nobody used it is made anew before. Raise what
        redis-py raises.
        """
        packed = _pack(command)
        connection = self._take()
        try:
            if _is_stale(connection):
                connection.disconnect()
            answer = _exchange(connection, packed)
        except redis.ResponseError:
            self._idle.append(connection)
            raise
        except BaseException:
            connection.disconnect()
            raise
        self._idle.append(connection)
        return answer

    def begin(self, *command: Any) -> "Exchange":
        """Send a command and leave its answer for later. Raise what redis-py raises.

        Whoever calls this calls `answer` or `drop` of what it returns, and does so
        once.
        """
        packed = _pack(command)
        connection = self._take()
        try:
            _send(connection, packed)
        except BaseException:
            connection.disconnect()
            raise
        return Exchange(self, connection)

    def has_idle(self) -> bool:
        """Whether a connection waits for a caller, so that sending need not connect."""
        return bool(self._idle) and self._pid == os.getpid()

    def open_one(self) -> None:
        """Open one connection more for the next caller. Raise what redis-py raises."""
        connection = self._take_new()
        connection.connect()
        self._idle.append(connection)

    def _take(self) -> Connection:
        if self._pid != os.getpid():  # the connections are the parent's
            self._idle, self._pid = [], os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return self._take_new()

    def _take_new(self) -> Connection:
        connection: Connection = self._pool.connection_class(**self._pool.connection_kwargs)
        return connection

    def put_back(self, connection: Connection) -> None:
        """Keep a connection for the next caller: nothing on it is unread."""
        self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that nobody uses just now. The line can be used again."""
        while self._idle:
            with suppress(IndexError):  # another thread took it
                self._idle.pop().disconnect()


class Exchange:
    """A command that was sent, and whose answer is still to be read."""

    def __init__(self, line: Line, connection: Connection) -> None:
        """Take the connection, which nobody else uses until the answer is read."""
        self._line = line
        self._connection = connection
        self._pid = os.getpid()

    def answer(self) -> Any:
        """Wait for the answer and return it. Raise what redis-py raises."""
        if self._pid != os.getpid():
            raise redis.ConnectionError("The answer belongs to the process that forked this one.")
        try:
            _limit(self._connection)
            answer = _read(self._connection)
        except redis.ResponseError:
            self._line.put_back(self._connection)
            raise
        except BaseException:
            self._connection.disconnect()
            raise
        self._line.put_back(self._connection)
        return answer

    async def readable(self) -> None:
        """Wait until there is something to read, and let the event loop run meanwhile."""
        loop, there = asyncio.get_running_loop(), asyncio.Event()
        number = _socket_of(self._connection).fileno()
        loop.add_reader(number, there.set)
        try:
            await there.wait()
            while not _can_read(self._connection):  # TLS has messages of its own
                there.clear()
                await there.wait()
        finally:
            loop.remove_reader(number)

    def drop(self) -> None:
        """Give the answer up, and the connection with it."""
        self._connection.disconnect()


def _pack(command: tuple[Any, ...]) -> Any:
    """Return a command as it is sent."""
    try:
        return pack_command(command)
    except UnicodeEncodeError:  # a name that is no UTF-8 goes back to the bytes it was read from
        return pack_command(tuple(map(_raw, command)))


def _raw(part: Any) -> Any:
    return part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part


def _socket_of(connection: Connection) -> Any:
    """Return the socket, None before it is connected. redis-py shows it nowhere."""
    return connection._sock  # noqa: SLF001


def _is_stale(connection: Connection) -> bool:
    """Whether there is something to read before anything was asked.

    It is the end of the connection, or nobody's answer.
    """
    return _socket_of(connection) is not None and _can_read(connection)


def _can_read(connection: Connection) -> bool:
    """Whether an answer is there to be read, or the end of the connection."""
    try:
        return bool(connection.can_read())
    except (redis.ConnectionError, redis.TimeoutError, OSError):
        return True


def _exchange(connection: Connection, packed: bytes) -> Any:
    """Send a command and read its answer."""
    _send(connection, packed)
    if len(packed) > _SMALL:
        _limit(connection)
    return _read(connection)


def _send(connection: Connection, packed: bytes) -> None:
    if _socket_of(connection) is None:
        connection.connect()  # it asks the sentinels for the master
    try:
        _limit(connection)
        _socket_of(connection).sendall(packed)
    except TimeoutError as error:
        raise redis.TimeoutError("Timeout writing to socket") from error
    except OSError as error:
        raise redis.ConnectionError(f"Error while writing to socket: {error}") from error


def _read(connection: Connection) -> Any:
    try:
        answer = connection._parser.read_response()  # noqa: SLF001  # what is around it costs more
    except OSError as error:
        raise redis.ConnectionError(f"Error while reading from socket: {error}") from error
    if isinstance(answer, Exception):
        if isinstance(answer, ReadOnlyError):  # it was the master: the sentinels know the new one
            connection.disconnect()
        raise answer
    return answer


def _limit(connection: Connection) -> None:
    """Let the socket wait as long as the time limit of this thread allows."""
    limit(_socket_of(connection), connection.socket_timeout)
