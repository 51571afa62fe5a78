"""The server of the chaos drill: append-only, and only ever the one started here."""

import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.canary import Canary
from jobs.devredis import find_server


@dataclass(slots=True)
class Outage:
    """A time in which the server did not answer.

    `forgot_since`: what the server did after that, it has forgotten.
    """

    began: float
    ended: float | None = None
    forgot_since: float | None = None

    def until(self, later: float) -> float:
        """Return when it was over, or a later moment if it was not."""
        return later if self.ended is None else self.ended

    def overlaps(self, start: float, end: float) -> bool:
        """Whether it fell between two moments, at least in part."""
        return self.began < end and self.until(end) > start


class Server:
    """A Valkey or Redis that may be frozen, stopped and killed."""

    def __init__(self, folder: Path) -> None:
        """Choose a port. Nothing runs yet."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.outages: list[Outage] = []
        self._canary = Canary(self.url)

    def start(self) -> None:
        """Start it with what is on the disk, and wait until it answers."""
        options = {
            "--port": str(self._port),
            "--bind": "127.0.0.1",
            "--dir": str(self._folder),
            "--save": "",
            "--appendonly": "yes",
            "--appendfsync": "everysec",
            "--maxmemory-policy": "noeviction",
        }
        command = [str(find_server()), *(word for option in options.items() for word in option)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not self._answers():
            time.sleep(0.01)
        forgot_since = self._canary.go_on()
        if self.outages:
            self.outages[-1].forgot_since = forgot_since
        self._end_outage()

    def stop(self, number: signal.Signals) -> None:
        """End it by a signal."""
        if self._process:
            self._canary.pause()
            self.outages.append(Outage(time.monotonic()))
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it hang."""
        if self._process:
            self.outages.append(Outage(time.monotonic()))
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._end_outage()

    def _end_outage(self) -> None:
        if self.outages:
            self.outages[-1].ended = time.monotonic()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100).startswith(b"+PONG")
        except OSError:
            return False
