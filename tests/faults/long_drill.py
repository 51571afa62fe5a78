"""What the drills of unique jobs and of schedules share.

Supervisors are killed on a server that keeps its history. Afterwards the history is judged.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.servers import OwnServer
from tests.faults.history import KEEPS_HISTORY
from tests.faults.nursery import ROOT
from tests.faults.troupe import Troupe


@dataclass
class Result:
    """What the drill showed."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def show(self) -> None:
        """Print the problems, and what was counted."""
        for problem in self.problems:
            print(problem)
        for name, count in sorted(self.counts.items()):
            print(f"{count:9,}  {name}")
        print(f"{len(self.problems):9,}  problems")


class LongDrill(ABC):
    """One run of a drill, with a folder and a server of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = OwnServer(folder, *KEEPS_HISTORY)
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "JOBS_REDIS_URL": self.server.url,
        }
        self.result = Result()

    def run(self) -> Result:
        """Run it and return what was found."""
        self.server.start()
        try:
            self.play()
        finally:
            self.server.stop()
        self.judge()
        return self.result

    @abstractmethod
    def play(self) -> None:
        """Do all that is planned, and look what is left while the server runs."""

    @abstractmethod
    def judge(self) -> None:
        """Judge by what the server and the jobs have left on the disk."""

    def complain(self, text: str) -> None:
        """Add a problem."""
        self.result.problems.append(text)

    def stop(self, troupe: Troupe) -> None:
        """Stop all supervisors in good order, and count who was killed before."""
        codes = troupe.stop()
        if any(codes):
            self.complain(f"exit codes {codes}")
        kills = {f"killed: {what}": count for what, count in troupe.kills.items()}
        self.result.counts.update(kills)

    def ask_doctor(self) -> None:
        """Have the doctor look at all jobs."""
        said = subprocess.run(
            [sys.executable, "-m", "django", "jobs", "doctor"],
            cwd=ROOT,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode:
            self.complain(f"the doctor: {said.stdout} {said.stderr}")


def in_folder(name: str, run: Callable[[Path], Result], folder: Path | None = None) -> Result:
    """Run a drill in this folder, or in one that is deleted afterwards."""
    if folder:
        folder.mkdir(parents=True)
        return run(folder)
    with tempfile.TemporaryDirectory(prefix=f"makeitso-{name}-") as temporary:
        return run(Path(temporary))


def command(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], Result]) -> int:
    """Run a drill as its options say, show it, and return the exit code."""
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="history, notes and log")
    options = parser.parse_args()
    began = time.monotonic()
    result = run(options)
    result.show()
    print(f"{time.monotonic() - began:9.0f}  seconds")
    return 1 if result.problems else 0
