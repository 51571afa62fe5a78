"""`manage.py jobs top` in a real terminal, which it gives back."""

import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from jobs import inspect
from jobs.management.live_terminal import ENTER, LEAVE
from tests.jobs.inspect.at_work import run
from tests.jobs.inspect.filling import put
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
#: Makes the terminal the one that sends Ctrl-C and Ctrl-Z, and then becomes the command.
LOG_IN = """
import os, sys
os.login_tty(os.dup(0))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Window:
    """A terminal of 30 lines with `jobs top` in it, and somebody who types."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (30, 120))
        self.before = termios.tcgetattr(self.slave)
        self.written = b""
        self._reading = threading.Thread(target=self._read)
        self._reading.start()
        command = [sys.executable, "-c", LOG_IN, "manage.py", "jobs", "top", "--every", "0.1"]
        slave = self.slave
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=slave, stdout=slave, stderr=slave)

    def _read(self):
        with suppress(OSError):  # nobody holds the other end any more
            while part := os.read(self.master, 4096):
                self.written += part

    @property
    def text(self):
        return self.written.decode(errors="replace")

    @property
    def last(self):
        return self.text.rpartition("\x1b[H")[2]

    @property
    def is_as_before(self):
        return termios.tcgetattr(self.slave) == self.before

    def type(self, keys):
        os.write(self.master, keys.encode())

    def shows(self, text):
        wait_until(lambda: text in self.last, message=f"no {text!r} in {self.last!r}")

    def ends(self):
        code = self.process.wait(20)
        wait_until(lambda: self.text.rstrip().endswith(LEAVE))
        return code

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.slave)
        self._reading.join()
        os.close(self.master)


@pytest.fixture
def window(store):
    """Open the window, and wait until it shows something."""
    run(store, ("tests.SlowJob", 90, "mine", {}), ("tests.AnyJob", 9, "mine", {}))
    put(store, "retry", "mine", at=4e9)
    window = Window()
    try:
        window.shows("q quit")
        yield window
    finally:
        window.close()


def test_q_ends_it_and_gives_the_terminal_back(window):
    assert not window.is_as_before

    window.type("q")

    assert window.ends() == 0
    assert window.is_as_before
    assert window.text.startswith(ENTER)


def test_ctrl_c_ends_it_and_gives_the_terminal_back(window):
    window.type("\x03")

    assert window.ends() == 0
    assert window.is_as_before


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_request_to_end_gives_the_terminal_back(window, name):
    number = signal.Signals[name]
    window.process.send_signal(number)

    assert window.ends() == 128 + number
    assert window.is_as_before


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(window):
    window.type("\x1a")
    wait_until(lambda: os.waitid(os.P_PID, window.process.pid, os.WSTOPPED | os.WNOHANG))
    assert window.is_as_before
    wait_until(lambda: window.text.endswith(LEAVE))

    window.process.send_signal(signal.SIGCONT)

    wait_until(lambda: window.text.count(ENTER) == 2)
    window.shows("q quit")
    assert not window.is_as_before
    window.type("q")
    assert window.ends() == 0


def test_keys_sort_filter_pause_and_retry(window):
    window.shows("Jobs longest first")
    window.type("s")
    window.shows("Jobs most unusual first")
    window.type("/slow\r")
    window.shows("with: slow")
    window.shows("tests.SlowJob")
    assert "tests.AnyJob" not in window.last
    window.type("\tp")
    window.shows("Pause queue mine? What runs goes on. y/n")
    window.type("y")
    window.shows("Queue mine is paused.")
    assert {queue.name: queue.is_paused for queue in inspect.queues()}["mine"]
    window.type("ry")
    window.shows("1 job made ready.")
    window.type("\x1b[Aq")

    assert window.ends() == 0


def test_picture_has_as_many_lines_as_the_window(window):
    picture = window.last.partition("\x1b[J")[0]

    assert picture.count("\n") == 29


def test_window_that_is_closed_ends_it(window):
    window.type("x")
    os.close(window.slave)
    os.close(window.master)
    try:
        wait_until(lambda: window.process.poll() is not None)
    finally:
        window.master, window.slave = pty.openpty()
