"""TLS before a Redis, by the server itself or by a front.

The front is for a server that was built without TLS. Either asks for a certificate of the client
too, as Redis does unless it is told otherwise.
"""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.acceptance.servers import OwnServer
from tests.conftest import free_port, server_of_tests


@dataclass(frozen=True)
class Papers:
    """Files of one authority: its certificate, and one for each side."""

    authority: Path
    server: Path
    client: Path


def papers(folder: Path) -> Papers:
    """Make an authority and what it certifies."""
    folder.mkdir()
    made = Papers(folder / "authority.pem", folder / "server.pem", folder / "client.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(made.authority)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(made.server)
    authority.issue_cert("worker").private_key_and_cert_chain_pem.write_to_path(made.client)
    return made


@contextmanager
def tls_server(folder: Path, of: Papers) -> Iterator[int]:
    """Start a server that speaks TLS, and yield its port."""
    port = free_port()
    options = tls_options(port, of) if server_has_tls() else ()
    server = OwnServer(folder, "--maxmemory-policy", "noeviction", *options)
    server.start()
    try:
        if options:
            yield port
        else:
            with front(port, server.port, of):
                yield port
    finally:
        server.stop()


def tls_options(port: int, of: Papers) -> tuple[str, ...]:
    """Return the options of a server that was built with TLS."""
    files = {
        "--tls-ca-cert-file": of.authority,
        "--tls-cert-file": of.server,
        "--tls-key-file": of.server,
    }
    named = [word for name, path in files.items() for word in (name, str(path))]
    return ("--tls-port", str(port), *named)


def server_has_tls() -> bool:
    """Tell whether the server of the tests was built with TLS.

    One that was asks for its certificate, and ends.
    """
    command = [server_of_tests().path, "--port", "0", "--tls-port", str(free_port())]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return "tls-cert-file" in result.stdout


@contextmanager
def front(port: int, target: int, of: Papers) -> Iterator[None]:
    """Speak TLS at a port, and forward to a server that does not."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=of.authority)
    context.load_cert_chain(of.server)
    context.verify_mode = ssl.CERT_REQUIRED
    loop, writers = asyncio.new_event_loop(), list[asyncio.StreamWriter]()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def forward_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", target)
        writers.extend([writer, outer])
        await forward(reader, outer, inner, writer)

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(forward_one, "127.0.0.1", port, ssl=context)

    listener = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(end(listener, writers), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def forward(
    reader: asyncio.StreamReader,
    outer: asyncio.StreamWriter,
    inner: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Forward one connection in both directions, until one side ends it."""
    ways = [asyncio.ensure_future(pump(reader, outer)), asyncio.ensure_future(pump(inner, writer))]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in ways:
        way.cancel()
    for each in (writer, outer):
        each.close()  # by and by: TLS waits for the farewell of the other side


async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Forward all that comes from one side."""
    with suppress(OSError):
        while part := await source.read(1 << 16):
            target.write(part)
            await target.drain()


async def end(listener: asyncio.Server, writers: list[asyncio.StreamWriter]) -> None:
    """Stop listening, and end what is still open."""
    listener.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    while others:
        _, others = await asyncio.wait(others, timeout=0.05)
        abort(writers)  # also what has just been opened
    abort(writers)
    await asyncio.sleep(0)


def abort(writers: list[asyncio.StreamWriter]) -> None:
    """End connections without another word."""
    for writer in writers:
        writer.transport.abort()
