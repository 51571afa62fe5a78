"""What `bin/dev` does once there is a virtual environment.

It prepares the databases, then runs `Procfile.dev`.
"""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial

import dev_environment
import procfile
from dev_environment import PORTS, ROOT, port_of

NAME = "bin/dev"
#: More than the timeout of the worker in Procfile.dev.
PATIENCE_SECONDS = 10
PREPARATIONS = (
    ("migrate", "--no-input", "--skip-checks", "--verbosity", "0"),
    ("migrate", "--no-input", "--skip-checks", "--verbosity", "0", "--database", "fake_services"),
    ("load_sample_data",),
)


def main() -> int:
    """Prepare and run everything, and return the exit code."""
    replaced = dev_environment.fill_in()
    commands = {
        name: command
        for name, command in procfile.read(ROOT / "Procfile.dev").items()
        if name not in replaced
    }
    stop_if_a_port_is_taken(commands)
    for arguments in PREPARATIONS:
        print(f"[{NAME}] manage.py {' '.join(arguments)}", flush=True)
        subprocess.run([sys.executable, "manage.py", *arguments], check=True)
    return asyncio.run(run(commands))


def stop_if_a_port_is_taken(commands: dict[str, str]) -> None:
    """Exit with one sentence if a port of ours is in use."""
    for name in PORTS.keys() & commands.keys():
        variable, default = PORTS[name]
        if dev_environment.is_taken(port_of(name)):
            sys.exit(
                f"[{NAME}] Port {port_of(name)} ({name}) is in use: "
                "stop what listens there, or choose another port "
                f"with {variable}, for example: {variable}={int(default) + 100} bin/dev"
            )


async def run(commands: dict[str, str]) -> int:
    """Run the processes until one ends or somebody stops them.

    Return the exit code.
    """
    terminal = procfile.Terminal(NAME, PATIENCE_SECONDS)
    return await terminal.run(commands, partial(wait_until_ready, terminal, list(commands)[-1]))


async def wait_until_ready(terminal: procfile.Terminal, last: str, name: str) -> None:
    """Wait for what others need of a process.

    After the last one, invite the developer in.
    """
    if name == "redis":
        await answer(port_of("redis"), b"PING\r\n")
    if name == last:
        await answer(port_of("web"), b"GET /admin/login/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
        url = f"http://localhost:{port_of('web')}"
        terminal.say(
            f"The shop is open: {url} (admin: {url}/admin/, log in as admin, password admin)."
        )
        if hint := hint_for_other_terminals():
            terminal.say(hint)


def hint_for_other_terminals() -> str:
    """Say how manage.py finds our Redis from another terminal.

    It is empty where that needs no help.
    """
    variable, default = PORTS["redis"]
    port = os.environ[variable]
    if port == default:
        return ""
    return (
        f"In other terminals manage.py finds this Redis by {variable}={port}: "
        "export it there, or write it into .env."
    )


async def answer(port: int, request: bytes) -> bytes:
    """Wait until a server on a local port answers a request.

    Return the first line it says.
    """
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            line = await reader.readline()
            writer.close()
            if line:
                return line
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    # A SIGTERM before the processes run ends the preparation as a Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        sys.exit(f"[{NAME}] {' '.join(error.cmd[1:])} failed: see above.")
