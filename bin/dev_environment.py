"""The environment that the processes of development share.

That is their ports, and the addresses that follow from them. `bin/dev` and `bin/reset` fill it in
before they start anything. What the environment or `.env` says always wins.
"""

import os
import socket
import sys
from contextlib import closing
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent
#: Which variable names the port of which process, and its default.
PORTS = {"redis": ("REDIS_PORT", "6399"), "fake": ("FAKE_PORT", "8001"), "web": ("PORT", "8000")}
#: Who names a server of his own in one of these needs none of ours.
REPLACED_BY = {"redis": ("JOBS_REDIS_URL", "JOBS_REDIS_PROVIDER"), "fake": ("FAKE_SERVICES_URL",)}


def fill_in() -> set[str]:
    """Complete the environment.

    Return the names of the processes that a server of the developer replaces.
    """
    os.chdir(ROOT)
    environ.Env.read_env(ROOT / ".env")
    replaced = {
        name for name, variables in REPLACED_BY.items() if any(map(os.environ.get, variables))
    }
    for variable, default in PORTS.values():
        os.environ.setdefault(variable, default)
    if "redis" not in replaced:
        os.environ["JOBS_REDIS_URL"] = f"redis://127.0.0.1:{port_of('redis')}/0"
    if "fake" not in replaced:
        os.environ["FAKE_SERVICES_URL"] = f"http://127.0.0.1:{port_of('fake')}/fake"
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ |= {"PYTHONUNBUFFERED": "1", "DJANGO_RUNSERVER_HIDE_WARNING": "true"}
    return replaced


def port_of(name: str) -> int:
    """Return the port of a process.

    Exit with one sentence if its variable is no number.
    """
    variable, _ = PORTS[name]
    if not os.environ[variable].isdecimal():
        sys.exit(f"{variable} must be a port number, not {os.environ[variable]!r}.")
    return int(os.environ[variable])


def is_taken(port: int) -> bool:
    """Tell whether something listens on a local port."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False
