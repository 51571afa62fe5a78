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
            answer = _exchange(connection, packed)
        except redis.ConnectionError:
            connection.disconnect()
            answer = _exchange(connection, packed)
        return self.end(connection, answer)

    def send(self, *command: Any) -> Any:
        """Send a command that must not be sent again, and return the answer.

        A connection that broke while nobody used it is made anew before. Raise what
        redis-py raises.
        """
        packed = _pack(command)
        connection = self._take()
        if _is_stale(connection):
            connection.disconnect()
        return self.end(connection, _exchange(connection, packed))

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

    def end(self, connection: Connection, answer: Any) -> Any:
        """Keep a connection whose answer was read, and return the answer or raise it.

        The connection is closed where more than the answer came, and where Redis is the master no
        more: the sentinels know the new one.
        """
        is_error = isinstance(answer, Exception)
        has_more = connection._parser._reader.has_data()  # noqa: SLF001  # see `_read`
        if has_more or (is_error and isinstance(answer, ReadOnlyError)):
            connection.disconnect()
        self._idle.append(connection)
        if is_error:
            raise answer
        return answer

    def has_idle(self) -> bool:
        """Whether a connection waits for a caller, so that sending need not connect."""
        return bool(self._own_idle())

    def open_one(self) -> None:
        """Open one connection more for the next caller. Raise what redis-py raises."""
        connection = self._take_new()
        connection.connect()
        self._own_idle().append(connection)

    def _take(self) -> Connection:
        try:
            return self._own_idle().pop()
        except IndexError:
            return self._take_new()

    def _own_idle(self) -> list[Connection]:
        """Return the connections that nobody uses, in a forked child none of its parent."""
        if self._pid != os.getpid():  # a hook would not do: uWSGI forks without telling Python
            self._idle, self._pid = [], os.getpid()
        return self._idle

    def _take_new(self) -> Connection:
        connection: Connection = self._pool.connection_class(**self._pool.connection_kwargs)
        return connection

    def close(self) -> None:
        """Close the connections that nobody uses just now. The line can be used again."""
        idle = self._own_idle()
        while idle:
            with suppress(IndexError):  # another thread took it
                idle.pop().disconnect()


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
        except BaseException:
            self._connection.disconnect()
            raise
        return self._line.end(self._connection, answer)

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
    """Send a command and return its answer, which may be an error of Redis.

    A connection whose answer was not read is closed: a signal may raise before.
    """
    try:
        _send(connection, packed)
        if len(packed) > _SMALL:
            _limit(connection)
        return _read(connection)
    except BaseException:
        connection.disconnect()
        raise


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
    """Return the next answer, which may be an error of Redis."""
    try:
        return connection._parser.read_response()  # noqa: SLF001  # what is around it costs more
    except OSError as error:
        raise redis.ConnectionError(f"Error while reading from socket: {error}") from error


def _limit(connection: Connection) -> None:
    """Let the socket wait as long as the time limit of this thread allows."""
    sock = _socket_of(connection)
    if sock is None:
        raise redis.ConnectionError("The connection was lost before its answer came.")
    limit(sock, connection.socket_timeout)
