"""A server of its own for a test that harms it.

The test stops it, freezes it, or fills it.
"""

import os
import signal
import subprocess
from pathlib import Path

import redis

from tests.conftest import free_port, start_server


class OwnServer:
    """A Valkey that a test may stop and start again.

    What was written is on the disk.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = start_server(self.port, self._folder, "--appendonly", "yes", *self._options)

    def stop(self) -> None:
        if self.process:
            os.kill(self.process.pid, signal.SIGCONT)
            self.process.terminate()
            self.process.wait()
            self.process = None

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def freeze(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def fill(self) -> None:
        """Write until nothing more can be written."""
        with redis.Redis(port=self.port) as client:
            try:
                for number in range(1_000_000):
                    client.set(f"ballast:{number}", "x" * 10_000)
            except redis.exceptions.OutOfMemoryError:
                return
