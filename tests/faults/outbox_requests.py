"""The requests of the drill of the outbox, and the processes that answer them.

Each request is one transaction: it writes keys into the table `drill_order`, and enqueues a job for
each. Some roll back, some have a savepoint that does, and some meet a hook of another app that
raises. Run as a program it is one process of a web server, which answers until its input ends.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.nursery import ROOT

TABLE = "CREATE TABLE drill_order (name varchar(60) PRIMARY KEY)"
PROCESSES, THREADS = 4, 16


@dataclass(frozen=True)
class Answer:
    """One request that was answered, by the monotonic clock."""

    began: float
    seconds: float
    how: str


class Requests:
    """The processes, as the drill sees them."""

    def __init__(self, folder: Path, environment: Mapping[str, str], rate: float) -> None:
        self._notes = folder / "requests"
        self._log = folder / "requests.log"
        self._environment = {**os.environ, **environment}
        self._rate = rate / PROCESSES
        self.started = 0
        self._processes = [self._start() for _ in range(PROCESSES)]

    def kill_one(self, chance: random.Random) -> None:
        """Kill a process by chance, and start another."""
        place = chance.randrange(PROCESSES)
        self._processes[place].kill()
        self._end(place)
        self._processes[place] = self._start()

    def stop(self) -> None:
        """Let all answer what they have begun, and end."""
        for place in range(PROCESSES):
            self._end(place)

    def answers(self) -> Iterator[Answer]:
        """Yield what was answered. A process that was killed may have answered more."""
        for line in self._notes.read_text().splitlines():
            began, seconds, how = line.split()
            yield Answer(float(began), float(seconds), how)

    def _start(self) -> subprocess.Popen[bytes]:
        self.started += 1
        words = [str(self.started), str(self._rate), str(self._notes)]
        command = [sys.executable, "-m", "tests.faults.outbox_requests", *words]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdin=subprocess.PIPE, stderr=log
            )

    def _end(self, place: int) -> None:
        process = self._processes[place]
        process.stdin.close()
        process.wait(60)


# The side of the processes


class RaisingHook(Exception):
    """What a hook of another app raises."""


class RolledBack(Exception):
    """Ends a transaction or a savepoint."""


def main() -> None:
    """Answer requests until the input ends."""
    import django  # noqa: PLC0415  # this side alone needs it

    django.setup()
    number, rate, notes = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    file = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    is_over = threading.Event()
    threads = [
        threading.Thread(target=answer, args=(f"{number}.{thread}", THREADS / rate, file, is_over))
        for thread in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    is_over.set()
    for thread in threads:
        thread.join()


def answer(name: str, every: float, file: int, is_over: threading.Event) -> None:
    """Answer a request every so many seconds, or as fast as it goes."""
    chance = random.Random(name)
    kinds, odds = zip(*KINDS.items(), strict=True)
    next_at = time.monotonic() + chance.random() * every
    number = 0
    while not is_over.wait(max(0.0, next_at - time.monotonic())):
        began = time.monotonic()
        next_at = max(next_at + every, began)
        number += 1
        [kind] = chance.choices(kinds, odds)
        how = _tried(kind, f"{name}.{number}")
        os.write(file, f"{began:.4f} {time.monotonic() - began:.4f} {how}\n".encode())


def _tried(kind: Callable[[str], None], name: str) -> str:
    """Answer one request, and return how it ended."""
    try:
        kind(name)
    except (RolledBack, RaisingHook):
        return "asked-for"
    except Exception as error:  # noqa: BLE001  # the judge sees which
        print(name, repr(error), file=sys.stderr, flush=True)  # noqa: T201
        return type(error).__name__
    return "answered"


def _write(name: str) -> None:
    from django.db import connection  # noqa: PLC0415

    from tests.faults.outbox_jobs import OrderJob  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO drill_order (name) VALUES (%s)", [name])
    OrderJob.enqueue(name)


def _one(name: str) -> None:
    with _atomic():
        _write(name)


def _two(name: str) -> None:
    with _atomic():
        _write(f"{name}.a")
        _write(f"{name}.b")


def _rolled_back(name: str) -> None:
    with _atomic():
        _write(f"{name}.lost")
        raise RolledBack


def _savepoint(name: str) -> None:
    with _atomic():
        _write(name)
        with suppress(RolledBack), _atomic():
            _write(f"{name}.lost")
            raise RolledBack
        with _atomic():
            _write(f"{name}.inner")


def _hooked(name: str) -> None:
    from django.db import transaction  # noqa: PLC0415

    def fail() -> None:
        raise RaisingHook

    with _atomic():
        transaction.on_commit(fail)
        _write(name)


def _atomic():
    from django.db import transaction  # noqa: PLC0415

    return transaction.atomic()


#: What requests do, and how often of a hundred times.
KINDS: Mapping[Callable[[str], None], int] = Counter(
    {_one: 55, _two: 20, _rolled_back: 10, _savepoint: 10, _hooked: 5}
)

if __name__ == "__main__":
    main()
