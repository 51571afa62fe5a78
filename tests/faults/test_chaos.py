"""A few seconds of chaos, for real: whatever it cannot explain is a fault."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
#: Kills a worker, Redis and a supervisor, and freezes one of each for less than the lease.
SEED = 28


def test_ten_seconds_of_chaos_lose_nothing_and_leave_nothing_unexplained():
    options = ["--seconds", "10", "--supervisors", "2", "--seed", str(SEED)]
    drill = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.chaos", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, _ = drill.communicate(timeout=150)
    except subprocess.TimeoutExpired:
        drill.terminate()
        said, _ = drill.communicate(timeout=30)

    assert drill.returncode == 0, said
    assert " 0  lost" in said
