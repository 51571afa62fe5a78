"""One connection through the proxy.

It has a thread for its commands and one for its answers.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.faults.resp import take_answers, take_commands
from tests.faults.rules import Command, Fault, Kind

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Struck:
    """A command that met its fault.

    `sender` is the port that it came from. The connection is open until who hears of it returns.
    """

    command: Command
    fault: Fault
    sender: int


class Link:
    """Passes on whole commands and whole answers.

    Those that shall meet a fault are not passed on as they are.

    Answers come in the order of the commands, so each is known by its turn. Subscriptions, which
    break that, are not understood.
    """

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        receive: Callable[[bytes, list[bytes]], tuple[Command, Fault | None]],
        report: Callable[[Struck], None],
    ) -> None:
        """Take both ends of the connection.

        `receive` numbers a command and decides about it, `report` hears of each fault.
        """
        self._client = client
        self._sender = int(client.getpeername()[1])
        self._server = server
        self._receive = receive
        self._report = report
        self._waiting: deque[tuple[Command, Fault | None]] = deque()
        self._changed = threading.Condition()
        self._is_cut = threading.Event()
        for direction in (self._pass_commands, self._pass_answers):
            threading.Thread(target=direction, daemon=True).start()

    def cut(self) -> None:
        """Close both ends."""
        self._is_cut.set()
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        with self._changed:
            self._changed.notify_all()

    # Commands

    def _pass_commands(self) -> None:
        buffer = bytearray()
        with suppress(OSError):
            while chunk := self._client.recv(_CHUNK):
                buffer += chunk
                if not self._pass_on(buffer):
                    break
        self.cut()

    def _pass_on(self, buffer: bytearray) -> bool:
        """Send all complete commands in one go, as they came.

        Return False when the connection is to be cut.
        """
        passed: list[bytes] = []
        for raw, words in take_commands(buffer):
            command, fault = self._receive(raw, words)
            if fault and fault.kind is Kind.BEFORE:
                self._server.sendall(b"".join(passed))
                self._wait_for_answers()
                self._report(Struck(command, fault, self._sender))
                return False
            with self._changed:
                self._waiting.append((command, fault))
            passed.append(raw)
        self._server.sendall(b"".join(passed))
        return True

    def _wait_for_answers(self) -> None:
        """Let the commands before the one that is cut off have their answers."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_cut.is_set() or not self._waiting)

    # Answers

    def _pass_answers(self) -> None:
        buffer = bytearray()
        with suppress(OSError):
            while chunk := self._server.recv(_CHUNK):
                buffer += chunk
                if not all(self._answer(answer) for answer in take_answers(buffer)):
                    break
        self.cut()

    def _answer(self, answer: bytes) -> bool:
        """Pass on one answer, or return False when the connection is to be cut."""
        command, fault = self._waiting[0] if self._waiting else (None, None)
        if command and fault:
            self._report(Struck(command, fault, self._sender))
            if fault.kind is Kind.LATE:
                self._is_cut.wait(fault.seconds)
            elif fault.kind is Kind.MIDDLE:
                self._client.sendall(answer[: len(answer) // 2])
                return False
            else:
                return False
        self._client.sendall(answer)
        with self._changed:
            if self._waiting:
                self._waiting.popleft()
            self._changed.notify_all()
        return True
