"""A connection that waits no longer than its caller may.

Used by `connection`. It also counts how often connections broke.

A caller may call `time_limit.change`. Until it sets the limit back nothing that its
thread does waits for longer. That holds for the connection, the handshake, sending and
the answer. Only the resolution of a host name has a limit of its own, that of the
operating system.
"""

import functools
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import redis
from redis.connection import Connection, HiredisRespSerializer, SSLConnection

#: A socket that may wait for no time at all does not block, and that is something else.
_LEAST_WAIT = 0.001


class Breaks:
    """Counts the connections of this process that broke.

    Each had been there before and had to be made again. redis-py makes one again
    without a word when it broke while nobody used it. But a Redis that was restarted
    may have forgotten what it had confirmed, so a worker wants to know.
    """

    def __init__(self) -> None:
        self.count = 0


breaks = Breaks()


class _TimeLimit(threading.local):
    """When the calls of this thread must have ended, by the monotonic clock.

    With None each wait may be as long as its own timeout.
    """

    deadline: float | None = None
    #: When the round of a supervisor ends. No limit is later.
    round_ends_at: float | None = None

    def change(self, deadline: float | None) -> float | None:
        """Let calls end at this time, and return the former limit.

        The caller sets that again. So a push has its own time, also in a chore whose
        time is over.
        """
        before, end = self.deadline, self.round_ends_at
        if end is not None and (deadline is None or deadline > end):
            deadline = end
        self.deadline = deadline
        return before


time_limit = _TimeLimit()


@contextmanager
def time_limited(seconds: float) -> Iterator[None]:
    """Let all calls in a block together take no longer than this."""
    before = time_limit.change(time.monotonic() + seconds)
    try:
        yield
    finally:
        time_limit.deadline = before


def _forget_limits() -> None:
    """Leave the limits of the parent behind, in its forked child."""
    time_limit.deadline = time_limit.round_ends_at = None


os.register_at_fork(after_in_child=_forget_limits)


class _Packer(HiredisRespSerializer):
    """Packs commands as hiredis does, which knows UTF-8 alone.

    Other bytes that were read as text go back as they were.
    """

    def pack(self, *args: Any) -> Any:
        try:
            return super().pack(*args)
        except UnicodeEncodeError:
            raw: list[Any] = [
                each.encode("utf-8", "surrogateescape") if isinstance(each, str) else each
                for each in args
            ]
            return super().pack(*raw)


if TYPE_CHECKING:
    _Base = Connection
else:
    _Base = object


class _Bounded(_Base):
    """Mixed into a class of connections: keeps the time limit of its thread.

    It does not introduce itself to Redis either (CLIENT SETINFO). That would cost two
    round trips with each connection.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(command_packer=_Packer(), **kwargs)  # type: ignore[no-untyped-call]
        self.was_connected = False
        self.driver_info = None
        self.lib_name = self.lib_version = None  # as older releases of redis-py call it

    @property
    def socket_timeout(self) -> float | None:
        return _at_most(self._socket_timeout)

    @socket_timeout.setter
    def socket_timeout(self, seconds: float | None) -> None:
        self._socket_timeout = seconds

    @property
    def socket_connect_timeout(self) -> float | None:
        return _at_most(self._socket_connect_timeout)

    @socket_connect_timeout.setter
    def socket_connect_timeout(self, seconds: float | None) -> None:
        self._socket_connect_timeout = seconds

    def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: FBT001, FBT002
        super().on_connect_check_health(check_health)
        breaks.count += self.was_connected
        self.was_connected = True

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002
        if self._sock:
            limit(self._sock, _at_most(self._socket_timeout))
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        if self._sock:
            limit(self._sock, _at_most(self._socket_timeout))
        return super().read_response(*args, **kwargs)


class _OverTls(_Base):
    """Mixed into a class of connections with TLS: knows which bytes are an answer.

    redis-py takes any byte for one. But TLS has messages of its own, as the tickets that come after
    the handshake, and whoever waits behind them for an answer waits too long.
    """

    def can_read(self, timeout: float = 0) -> bool:
        """Whether an answer, or the end of the connection, is there to be read."""
        until = time.monotonic() + timeout
        while super().can_read(timeout):
            if _has_answer(self._parser):
                return True
            timeout = max(0.0, until - time.monotonic())
        return False


def _has_answer(parser: Any) -> bool:
    """Read without waiting, and return whether an answer is among what was there."""
    if parser._reader.has_data():  # noqa: SLF001  # redis-py shows it nowhere
        return True
    return bool(parser.read_from_socket(timeout=0, raise_on_timeout=False))


def _at_most(seconds: float | None) -> float | None:
    """Return for how long a wait of so many seconds may be.

    The time limit of this thread may shorten it.
    """
    deadline = time_limit.deadline
    if deadline is None:
        return seconds
    left = deadline - time.monotonic()
    if left < _LEAST_WAIT:
        return _LEAST_WAIT
    return left if seconds is None or left < seconds else seconds


def limit(sock: socket.socket, wanted: float | None) -> None:
    """Let a socket wait for so many seconds at most.

    A difference of a twentieth is let be: to tell the socket is a system call, and each
    push would make two.
    """
    present = sock.gettimeout()
    if wanted is None or present is None or not 0.95 * present <= wanted <= 1.05 * present:
        sock.settimeout(wanted)


@functools.cache
def bounded(connection_class: type[Any]) -> type[Any]:
    """Return a class of connections that keeps the time limit."""
    over_tls = (_OverTls,) if issubclass(connection_class, SSLConnection) else ()
    bases = (*over_tls, _Bounded, connection_class)
    return type(f"Bounded{connection_class.__name__}", bases, {})


def with_bounds(client: redis.Redis) -> redis.Redis:
    """Let a client make connections that keep the time limit, and return it."""
    pool = client.connection_pool
    pool.connection_class = bounded(pool.connection_class)
    return client
