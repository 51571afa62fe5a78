"""Servers of other kinds than the one that all tests share.

A cluster, sentinels, and a server that never answers.
"""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.conftest import free_port, server_of_tests, start_server
from tests.waiting import wait_until


@contextmanager
def running_server(folder: Path, *options: str) -> Iterator[int]:
    """Start a server and yield its port."""
    port = free_port()
    server = start_server(port, folder, *options)
    try:
        yield port
    finally:
        stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    server.kill()
    server.wait()


@contextmanager
def silent_server() -> Iterator[int]:
    """Accept connections and never answer.

    Yields the port.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield listener.getsockname()[1]


@contextmanager
def running_cluster(folder: Path) -> Iterator[list[int]]:
    """Start three nodes that share the slots, and yield their ports."""
    # The bus of a node listens on a port of its own, 10,000 above the other unless told.
    ports = [free_port() for _ in range(3)]
    servers = []
    try:
        for port in ports:
            (folder / str(port)).mkdir()
            options = (
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                str(free_port()),
                "--cluster-node-timeout",
                "2000",
            )
            servers.append(start_server(port, folder / str(port), *options))
        _join(ports)
        yield ports
    finally:
        for server in servers:
            stop(server)


def _join(ports: list[int]) -> None:
    nodes = [redis.Redis(port=port) for port in ports]
    for node, (first, last) in zip(nodes, [(0, 5460), (5461, 10922), (10923, 16383)], strict=True):
        node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
    for port in ports[1:]:
        bus = redis.Redis(port=port).config_get("cluster-port")["cluster-port"]
        nodes[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
    wait_until(
        lambda: all(_is_whole(node) for node in nodes),
        timeout=30,
        message="the cluster never formed",
    )
    for node in nodes:
        node.close()


def _is_whole(node: redis.Redis) -> bool:
    info = node.execute_command("CLUSTER INFO")
    return info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "3"


@contextmanager
def running_sentinel(folder: Path, master_port: int, *settings: str) -> Iterator[int]:
    """Start a sentinel that watches a master named `mymaster`.

    Yields the port of the sentinel.
    """
    port = free_port()
    configuration = folder / "sentinel.conf"
    lines = [
        f"port {port}",
        "bind 127.0.0.1",
        f"dir {folder}",
        f"sentinel monitor mymaster 127.0.0.1 {master_port} 1",
    ]
    configuration.write_text("\n".join([*lines, *settings, ""]))
    server = subprocess.Popen(
        [server_of_tests().path, configuration, "--sentinel"], stdout=subprocess.DEVNULL
    )
    try:
        wait_until(
            lambda: _knows_master(port), timeout=15, message="the sentinel never knew its master"
        )
        yield port
    finally:
        stop(server)


def _knows_master(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=1) as client:
        try:
            return client.sentinel_master("mymaster")["flags"] == "master"
        except redis.RedisError:
            return False
