"""Jobs that fork and start subprocesses, in the ways in which projects do."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from jobs import Job
from tests.acceptance.calculations import double, wait_for_ever
from tests.acceptance.jobs import note
from tests.waiting import wait_until

#: Shows how a new process answers signals: what it blocks, ignores and catches.
STATUS = (
    "import re; t = open('/proc/self/status').read(); "
    "print(*re.findall(r'Sig(?:Blk|Ign):\\s*(\\w+)', t))"
)


class PoolJob(Job):
    """Works in a pool, whose end sends TERM to its processes."""

    def perform(self, method: str) -> None:
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            total = sum(pool.map(double, range(20)))
            pids = [process.pid for process in pool._pool]
        note(f"{method} {total} {pids[0]} {pids[1]}")


class TerminatedProcessJob(Job):
    """Ends a process by TERM while it waits."""

    def perform(self, method: str) -> None:
        process = multiprocessing.get_context(method).Process(target=wait_for_ever)
        process.start()
        process.terminate()
        process.join(10)
        note(f"{method} {process.exitcode}")


class ExecutorJob(Job):
    """Works in a pool of concurrent.futures."""

    def perform(self, method: str) -> None:
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
            note(f"{method} {sum(pool.map(double, range(20)))}")


class SubprocessJob(Job):
    """Runs commands and notes how they answer signals."""

    def perform(self) -> None:
        status = subprocess.run(
            [sys.executable, "-c", STATUS], capture_output=True, text=True, check=True
        )
        note(f"status {status.stdout.strip()}")
        try:
            subprocess.run(["sleep", "60"], timeout=0.05, check=False)
        except subprocess.TimeoutExpired:
            note("timeout")
        note(f"system {os.waitstatus_to_exitcode(os.system('exit 3'))}")
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGTERM):
            sleeper = subprocess.Popen(["sleep", "60"])
            sleeper.send_signal(number)
            try:
                note(f"{number.name} {sleeper.wait(10)}")
            except subprocess.TimeoutExpired as error:
                facts = Path(f"/proc/{sleeper.pid}/status").read_text()
                sleeper.kill()
                raise AssertionError(f"{number.name} did nothing to: {facts}") from error


class ForkedStatusJob(Job):
    """Notes in a forked child how it answers signals.

    It also notes what TERM does to the child.
    """

    def perform(self) -> None:
        child = os.fork()
        if child == 0:
            ours = (signal.SIGTERM, signal.SIGTSTP, signal.SIGTTIN, signal.SIGHUP, signal.SIGUSR2)
            caught = [
                number.name for number in ours if signal.getsignal(number) is not signal.SIG_DFL
            ]
            blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
            note(f"child {caught} {blocked} {signal.set_wakeup_fd(-1)}")
            signal.pause()
            os._exit(0)
        wait_until(lambda: "child" in Path(os.environ["TEST_NOTES"]).read_text(), 10)
        os.kill(child, signal.SIGTERM)
        note(f"ended {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


class ReturningChildJob(Job):
    """Forks, and lets the child come back from `perform` in one way or another."""

    def perform(self, how: str) -> None:
        child = os.fork()
        if child == 0:
            _come_back(how)
            return
        note(f"child {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


class ReturningAsyncJob(Job):
    """Does the same in the event loop."""

    async def perform(self, how: str) -> None:
        child = os.fork()
        if child == 0:
            if how == "await":
                await asyncio.sleep(0)
                note("the child went on")
            _come_back(how)
            return
        ended = await asyncio.to_thread(os.waitpid, child, 0)
        note(f"child {os.waitstatus_to_exitcode(ended[1])}")


def _come_back(how: str) -> None:
    if how == "exit":
        sys.exit(4)
    if how == "raise":
        raise ValueError("in the child")
