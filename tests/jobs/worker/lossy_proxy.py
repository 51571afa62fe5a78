"""A TCP proxy before Redis that loses an answer and cuts the connection, as a bad network does."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit


class LossyProxy:
    """Forwards every connection. While `is_down` it refuses them; `lose(mark)` loses the answer to one request."""

    def __init__(self, redis_url: str) -> None:
        """Begin to listen before the Redis at this URL."""
        self._target = (urlsplit(redis_url).hostname, urlsplit(redis_url).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._mark: bytes | None = None
        self._connections: list[socket.socket] = []
        self.lost = threading.Event()
        self.is_down = False
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, mark: bytes) -> None:
        """Lose the answer to the next request that contains these bytes."""
        self.lost.clear()
        self._mark = mark

    def go_down(self) -> None:
        """Cut every connection and take no new ones until `come_up`."""
        self.is_down = True
        for connection in self._connections:
            _cut(connection)

    def come_up(self) -> None:
        """Take connections again."""
        self.is_down = False

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self.go_down()
        _cut(self._listener)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.is_down:
                    client.close()
                    continue
                server = socket.create_connection(self._target)
                self._connections += [client, server]
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        """Pass requests on; answers have a thread of their own, but the one that is lost is read here."""
        is_losing = threading.Event()
        threading.Thread(target=self._answer, args=(server, client, is_losing), daemon=True).start()
        with suppress(OSError):
            while request := client.recv(1 << 20):
                if self._mark and self._mark in request:
                    self._mark = None
                    is_losing.set()
                server.sendall(request)
        _cut(server)

    def _answer(self, server: socket.socket, client: socket.socket, is_losing: threading.Event) -> None:
        with suppress(OSError):
            while answer := server.recv(1 << 20):
                if is_losing.is_set():
                    self.lost.set()
                    break
                client.sendall(answer)
        _cut(client)


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
