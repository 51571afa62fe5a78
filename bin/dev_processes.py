"""What `bin/dev` does once there is a virtual environment: prepare the databases, then run `Procfile.dev`.

It fills in the addresses by which the processes find each other, where neither the environment nor `.env` names one,
and it never overrides a choice of the developer.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import environ
import procfile

ROOT = Path(__file__).resolve().parent.parent
NAME = "bin/dev"
#: More than the timeout of the worker in Procfile.dev.
PATIENCE_SECONDS = 10
#: Which variable names the port of which process, and its default.
PORTS = {"redis": ("REDIS_PORT", "6399"), "fake": ("FAKE_PORT", "8001"), "web": ("PORT", "8000")}
#: Who names a server of his own in one of these needs none of ours.
REPLACED_BY = {"redis": ("JOBS_REDIS_URL", "JOBS_REDIS_PROVIDER"), "fake": ("FAKE_SERVICES_URL",)}
PREPARATIONS = (
    ("migrate", "--no-input", "--verbosity", "0"),
    ("migrate", "--no-input", "--verbosity", "0", "--database", "fake_services"),
    ("load_sample_data",),
)


def main() -> int:
    """Prepare and run everything; return the exit code."""
    os.chdir(ROOT)
    environ.Env.read_env(ROOT / ".env")
    commands = {name: command for name, command in procfile.read(ROOT / "Procfile.dev").items() if is_needed(name)}
    set_environment()
    stop_if_a_port_is_taken(commands)
    for arguments in PREPARATIONS:
        say(f"manage.py {' '.join(arguments)}")
        subprocess.run([sys.executable, "manage.py", *arguments], check=True)
    return asyncio.run(run(commands))


def is_needed(name: str) -> bool:
    """Tell whether a process has to run here, or the environment names a server that replaces it."""
    return not any(variable in os.environ for variable in REPLACED_BY.get(name, ()))


def set_environment() -> None:
    """Fill in the ports, the addresses that follow from them, and the Python of this environment."""
    for variable, default in PORTS.values():
        os.environ.setdefault(variable, default)
    if is_needed("redis"):
        os.environ["JOBS_REDIS_URL"] = f"redis://127.0.0.1:{os.environ['REDIS_PORT']}/0"
    os.environ.setdefault("FAKE_SERVICES_URL", f"http://127.0.0.1:{os.environ['FAKE_PORT']}/fake")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["PYTHONUNBUFFERED"] = "1"


def stop_if_a_port_is_taken(commands: dict[str, str]) -> None:
    """Exit with one sentence if a port of ours is in use."""
    for name, (variable, _) in PORTS.items():
        if name in commands and is_taken(int(os.environ[variable])):
            sys.exit(
                f"[{NAME}] Port {os.environ[variable]} ({name}) is in use: stop what listens there, "
                f"or choose another port with {variable}, for example {variable}=9{os.environ[variable][-3:]} bin/dev."
            )


def is_taken(port: int) -> bool:
    """Tell whether something listens on a local port."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


async def run(commands: dict[str, str]) -> int:
    """Run the processes until one ends or somebody stops them; return the exit code."""
    terminal = procfile.Terminal(NAME, PATIENCE_SECONDS)

    async def ready(name: str) -> None:
        if name == "redis":
            await answer_of("REDIS_PORT", b"PING\r\n")
        elif name == list(commands)[-1]:
            await answer_of("PORT", b"GET /admin/login/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
            url = f"http://localhost:{os.environ['PORT']}"
            terminal.say(f"The shop is open: {url} (admin: {url}/admin/, log in as admin, password admin).")

    return await terminal.run(commands, ready)


async def answer_of(port_variable: str, request: bytes) -> bytes:
    """Wait until a server on a local port answers a request; return the first line it says."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ[port_variable]))
            writer.write(request)
            answer = await reader.readline()
            writer.close()
            if answer:
                return answer
        await asyncio.sleep(0.1)


def say(text: str) -> None:
    """Print a line under the name of the command that the developer typed."""
    print(f"[{NAME}] {text}", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        sys.exit(f"[{NAME}] {' '.join(error.cmd[1:])} failed: see above.")
