"""Names of workers: readable, and never used twice.

In Redis `#` and `|` part a name from what follows it, so neither is in one.
"""

import os
import re
import secrets
import socket


def new_base_name() -> str:
    """Return `host:supervisor's pid:token`."""
    host = re.sub(r"[#|\s]", "-", socket.gethostname())
    return f"{host}:{os.getpid()}:{secrets.token_hex(4)}"


def worker_name(base: str, generation: int) -> str:
    """Return the name of a worker after it was given up `generation` times."""
    return f"{base}.{generation}" if generation else base


def worker_names(base: str, generation: int) -> list[str]:
    """Return every name that a worker has had, in one queue or another."""
    return [worker_name(base, number) for number in range(generation + 1)]
