"""A TCP proxy before Redis that delays each answer.

A long way to Redis does the same.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def delaying_proxy(port: int, seconds: float) -> Iterator[int]:
    """Forward every connection to a port of this machine.

    Yields the port to connect to.
    """
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        threading.Thread(target=_accept, args=(listener, port, seconds, over), daemon=True).start()
        yield listener.getsockname()[1]
        over.set()
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, port: int, seconds: float, over: threading.Event) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for source, target, delay in ((client, server, 0.0), (server, client, seconds)):
                threading.Thread(
                    target=_forward, args=(source, target, delay, over), daemon=True
                ).start()


def _forward(
    source: socket.socket, target: socket.socket, delay: float, over: threading.Event
) -> None:
    with suppress(OSError):
        while part := source.recv(1 << 20):
            over.wait(delay)
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
    source.close()
