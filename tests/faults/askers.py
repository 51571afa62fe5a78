"""Many processes that enqueue unique jobs.

Beside them a person retries and deletes what is dead.
Run as a program it loads Django once and forks. Each asker writes one line of JSON when it ends:
how many of its jobs went in, were duplicates, or could not be sent. `Askers` is the side of the
drill.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: One enqueue in so many asks for two jobs at once.
_PAIR_ONE_IN = 10
_PERSON_SECONDS = 0.2


@dataclass
class Asked:
    """What all askers together got: in, duplicate, unsent."""

    counts: Counter[str]
    failed: int


class Askers:
    """The processes that enqueue, as the drill sees them."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._answers = folder / "answers"
        self._stop = folder / "stop-person"
        self._environment = {**os.environ, **environment}
        self._started: list[subprocess.Popen[bytes]] = []

    def ask(self, processes: int, rounds: int, pause: float) -> None:
        """Start processes that enqueue so many times each.

        A pause between two of them takes up to so many seconds.
        """
        self._start("ask", str(processes), str(rounds), str(pause), str(self._answers))

    def ask_each_once(self) -> None:
        """Enqueue one job of each class, and wait until that is done."""
        self._start("once", str(self._answers))
        self._started[0].wait(60)

    def send_person(self) -> None:
        """Let a person retry and delete what is dead, again and again."""
        self._start("person", str(self._stop))

    def recall_person(self) -> None:
        """Let the person end, with all that is dead deleted."""
        self._stop.touch()
        self._started.pop().wait(60)

    def are_asking(self) -> bool:
        """Tell whether some have not ended."""
        return self._started[0].poll() is None

    def answers(self) -> Asked:
        """Return what they got. All have ended."""
        counts: Counter[str] = Counter()
        for line in self._answers.read_text().splitlines():
            counts.update(json.loads(line))
        return Asked(counts, self._started[0].returncode)

    def close(self) -> None:
        """Kill those that still live."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _start(self, *words: str) -> None:
        command = [sys.executable, "-m", "tests.faults.askers", *words]
        self._started.append(subprocess.Popen(command, cwd=ROOT, env=self._environment))


# The side of the askers


def main() -> int:
    """Do what the command line says."""
    import django  # noqa: PLC0415  # this side alone needs it

    django.setup()
    if sys.argv[1] == "person":
        see_to_the_dead(Path(sys.argv[2]))
        return 0
    if sys.argv[1] == "once":
        ask_each_once(Path(sys.argv[2]))
        return 0
    processes, rounds, pause, answers = sys.argv[2:]
    children = []
    for number in range(int(processes)):
        pid = os.fork()
        if pid == 0:
            die_with_parent()
            code = 1
            try:
                ask(number, int(rounds), float(pause), Path(answers))
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    return sum(os.waitpid(pid, 0)[1] != 0 for pid in children)


def die_with_parent() -> None:
    """Have this process killed when the one that forked it ends."""
    import ctypes  # noqa: PLC0415
    import signal  # noqa: PLC0415

    set_death_signal = 1
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


def ask(number: int, rounds: int, pause: float, answers: Path) -> None:
    """Enqueue jobs of all classes, and write down what came of it."""
    chance, counts = random.Random(number), Counter[str]()
    for turn in range(rounds):
        _enqueue(chance, number * rounds + turn, counts)
        time.sleep(chance.random() * pause)
    with answers.open("a") as file:
        file.write(json.dumps(counts) + "\n")


def ask_each_once(answers: Path) -> None:
    """Enqueue one job of each class. Its number says that it ends well."""
    enqueued = [way.one(1) for way in _ways().values()]
    counts = Counter("duplicate" if job.is_duplicate else "in" for job in enqueued)
    answers.write_text(json.dumps(counts) + "\n")


def _enqueue(chance: random.Random, number: int, counts: Counter[str]) -> None:
    from jobs import StoreUnavailable  # noqa: PLC0415

    name, enqueue = chance.choice(list(_ways().items()))
    try:
        if name != "KeyedJob" and chance.random() < 1 / _PAIR_ONE_IN:
            enqueued = enqueue.many([[number], [number + 1]])
        else:
            enqueued = [enqueue.one(number)]
    except StoreUnavailable:
        counts["unsent"] += 1
        return
    for job in enqueued:
        counts["duplicate" if job.is_duplicate else "in"] += 1


@dataclass(frozen=True)
class Way:
    """How to enqueue jobs of one class."""

    one: Callable
    many: Callable


def _ways() -> dict[str, Way]:
    from tests.faults import unique_jobs  # noqa: PLC0415
    from tests.faults.unique_modes import MODES  # noqa: PLC0415

    ways = {}
    for name in MODES:
        job_class = getattr(unique_jobs, name)
        one = job_class.using(key="chosen") if name == "KeyedJob" else job_class
        ways[name] = Way(one.enqueue, one.enqueue_many)
    return ways


def see_to_the_dead(stop: Path) -> None:
    """Retry all that are dead, and delete those that died again."""
    from jobs import control, inspect  # noqa: PLC0415

    everything = inspect.Filter()
    while not stop.exists():
        control.retry_all("dead", everything)
        time.sleep(_PERSON_SECONDS)
        control.delete_all("dead", everything)
        time.sleep(_PERSON_SECONDS / 4)


if __name__ == "__main__":
    sys.exit(main())
