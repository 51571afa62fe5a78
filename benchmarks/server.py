"""A Valkey of its own for each measurement.

It listens on this machine only, and whoever started it stops it.
"""

import contextlib
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redis import ConnectionError as RedisConnectionError
from redis import Redis

#: Nothing that is measured here may take longer. Seconds.
LONGEST = 600.0
#: Commands that are shorter stand in no slow log. Microseconds.
SLOWLOG_FROM = 100


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `redis` is a client to look at it from outside."""

    port: int
    pid: int
    redis: Redis = field(repr=False)

    @property
    def url(self) -> str:
        """The address as the library and Sidekiq take it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def is_up(self) -> bool:
        """Tell whether it answers."""
        try:
            return bool(self.redis.ping())
        except RedisConnectionError:
            return False

    def ping_microseconds(self, times: int = 2_000) -> float:
        """Return the median round trip of a PING over a bare socket.

        It goes from one core to another. On one core it would take a tenth of the time, and chance
        would decide.
        """
        with _apart(self.pid), socket.create_connection(("127.0.0.1", self.port)) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return statistics.median(_ping(plain) for _ in range(times))

    def longest_command(self) -> float:
        """Return how long Redis was busy with its longest command since `watch_commands`, in ms."""
        entries = self.redis.slowlog_get(100_000)
        longest: int = max([SLOWLOG_FROM, *(entry["duration"] for entry in entries)])
        return longest / 1000

    def watch_commands(self) -> None:
        """Note from now on which commands keep Redis busy."""
        self.redis.config_set("slowlog-log-slower-than", SLOWLOG_FROM)
        self.redis.config_set("slowlog-max-len", 100_000)
        self.redis.slowlog_reset()

    def commands(self, seconds: float) -> tuple[float, float]:
        """Return the commands a second that it is sent, and that it executes.

        Those that scripts call are executed and not sent.
        """
        sent = total = 0
        with self.redis.monitor() as monitor:
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                if monitor.connection.can_read(timeout=left):
                    total += 1
                    sent += monitor.next_command()["client_type"] != "lua"
        return sent / seconds, total / seconds

    def cpu_microseconds(self) -> float:
        """Return the CPU time that it has used, on the append-only file too."""
        spent = self.redis.info("cpu")
        seconds: float = spent["used_cpu_user"] + spent["used_cpu_sys"]
        return seconds * 1e6

    def memory(self) -> int:
        """Return the bytes in use."""
        return int(self.redis.info("memory")["used_memory"])


@contextlib.contextmanager
def _apart(pid: int) -> Iterator[None]:
    """Keep this process and another on two cores."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    os.sched_setaffinity(pid, cores[1:] or cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        os.sched_setaffinity(pid, cores)


def _ping(plain: socket.socket) -> float:
    started = time.perf_counter()
    plain.sendall(b"PING\r\n")
    plain.recv(64)
    return (time.perf_counter() - started) * 1e6


def server_version() -> str:
    """Return product and version of the server that is used."""
    from jobs.devredis import find_server

    told = subprocess.run(
        [str(find_server()), "--version"], capture_output=True, text=True, check=True
    )
    product, _, version = told.stdout.split()[:3]
    return f"{product} {version.removeprefix('v=')}"


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Run a server, append-only on, and wait until it answers.

    Its data lies in the folder.
    """
    from jobs.devredis import find_server

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    command = [str(find_server()), *(p for name, v in options.items() for p in (f"--{name}", v))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        server = Server(port, process.pid, Redis(port=port))
        wait_for(server.is_up, seconds=10)
        yield server
        server.redis.close()
    finally:
        process.terminate()
        process.wait()


def wait_for(condition: Callable[[], bool], seconds: float = LONGEST) -> float:
    """Return the moment at which a condition held. Raise TimeoutError if it never did."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"What was waited for did not come within {seconds:,.0f} s.")
        time.sleep(0.002)
    return time.perf_counter()
