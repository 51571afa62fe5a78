"""Names of workers: readable, and never used twice."""

import os
import secrets
import socket


def new_base_name() -> str:
    """Return `host:supervisor's pid:token`."""
    host = socket.gethostname().replace("|", "-")
    return f"{host}:{os.getpid()}:{secrets.token_hex(4)}"


def worker_name(base: str, generation: int) -> str:
    """Return the name of a worker after it lost its lease `generation` times."""
    return f"{base}.{generation}" if generation else base
