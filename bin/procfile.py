"""Run the processes of a Procfile under one terminal.

Their output is prefixed, and they stop in an order that leaves nothing behind. `bin/dev` is the
caller.

Every process gets a process group of its own, so that a Ctrl-C in the terminal reaches this process
only. It then stops the others, and the first of them last. That one is Redis, and a worker that
stops still gives its jobs back to it. A process counts as gone when its whole group has closed its
output.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

COLOURS = ("36", "33", "32", "35")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_LINE_BYTES = 2**24


def read(path: Path) -> dict[str, str]:
    """Return the commands of a Procfile by name, in its order."""
    lines = [
        line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")
    ]
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


@dataclass(frozen=True, slots=True)
class Child:
    """One started process with the task that prints what its group says."""

    name: str
    process: Process
    output: asyncio.Task[None]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    async def stop(self, patience_seconds: float) -> None:
        """Ask the whole group to stop.

        What is left of it after a while is killed.
        """
        self.signal(signal.SIGTERM)
        await asyncio.wait({self.output}, timeout=patience_seconds)
        self.signal(signal.SIGKILL)
        await asyncio.wait({self.output}, timeout=1)


class Terminal:
    """The processes that share this terminal, from the first start to the last stop."""

    def __init__(self, name: str, patience_seconds: float) -> None:
        """Take the name under which this process itself speaks.

        `patience_seconds` is how long a process may take to stop.
        """
        self.name = name
        self.patience_seconds = patience_seconds
        self.children: list[Child] = []
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(
        self, commands: Mapping[str, str], ready: Callable[[str], Coroutine[None, None, None]]
    ) -> int:
        """Start the commands one after the other, and return the exit code.

        Each is started when the one before is ready. It ends at a signal or as soon as one process
        ends. A second signal kills everything at once.
        """
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal, number)
        for name, command in commands.items():
            await self._start(name, command)
            await self._unless_ended(ready(name))
            if self.ended.done():
                break
        code = await self.ended
        await self._stop()
        return code

    def say(self, text: str) -> None:
        """Print a line of this process itself."""
        self._print(f"[{self.name}] {text}")

    def _on_signal(self, number: signal.Signals) -> None:
        if not self.ended.done():
            self.say("Stopping; once more Ctrl-C to kill.")
            self.ended.set_result(128 + number)
            return
        for child in self.children:
            child.signal(signal.SIGKILL)

    async def _start(self, name: str, command: str) -> None:
        process = await asyncio.create_subprocess_shell(
            # `exec`: the process itself must get the signals and be waited for, not a shell in
            # front of it.
            f"exec {command}",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
            limit=LONGEST_LINE_BYTES,
        )
        colour = COLOURS[len(self.children) % len(COLOURS)]
        self.children.append(
            Child(name, process, asyncio.create_task(self._relay(name, colour, process)))
        )

    async def _unless_ended(self, step: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(step)
        await asyncio.wait((task, self.ended), return_when=asyncio.FIRST_COMPLETED)
        task.cancel()

    async def _relay(self, name: str, colour: str, process: Process) -> None:
        if process.stdout is not None:
            async for line in process.stdout:
                self._print(
                    line.decode(errors="replace").rstrip("\n"),
                    prefix=f"{name:<6} | ",
                    colour=colour,
                )
        code = await process.wait()
        if not self.ended.done():
            self.say(f"{name} ended with exit code {code}: stopping the others.")
            self.ended.set_result(code if code > 0 else 1)

    async def _stop(self) -> None:
        first, *others = self.children
        await asyncio.gather(*(child.stop(self.patience_seconds) for child in others))
        await first.stop(self.patience_seconds)

    def _print(self, text: str, prefix: str = "", colour: str = "") -> None:
        if colour and sys.stdout.isatty() and "NO_COLOR" not in os.environ:
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        # The terminal may be gone, and the processes must be stopped all the same.
        with suppress(OSError):
            print(f"{prefix}{text}", flush=True)
