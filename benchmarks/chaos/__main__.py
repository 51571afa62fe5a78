"""Let everything die while jobs run: `python -m benchmarks.chaos --seconds 300 --seed 1`.

Several supervisors with two workers each, killed, frozen, stopped and started again, and so is
Redis (append-only). A seed makes the same plan again. At the end everything drains; then each job
is looked up: enqueued, run, lost, run again with the cause of each. The exit code is 1 for whatever
cannot be explained. Needs Linux.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.chaos.aftermath import Aftermath
from benchmarks.chaos.plan import make_plan
from benchmarks.chaos.runs import VARIABLE, read_runs
from benchmarks.chaos.server import Server
from benchmarks.chaos.stage import LOOK_EVERY, Stage

#: How long all that is left may take at the end, in seconds.
LONGEST_DRAIN = 90.0


def main() -> int:
    """Run the drill and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long faults strike")
    parser.add_argument("--seed", type=int, default=1, help="makes the plan and the jobs")
    parser.add_argument("--supervisors", type=int, default=3)
    parser.add_argument("--rate", type=float, default=40.0, help="jobs enqueued in a second")
    parser.add_argument("--keep", action="store_true", help="keep notes and logs, and say where")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # by way of the clean-up
    folder = Path(tempfile.mkdtemp(prefix="makeitso-chaos-"))
    try:
        return _run(folder, options)
    finally:
        if options.keep:
            print(f"Notes and logs are in {folder}")
        else:
            shutil.rmtree(folder)


def _run(folder: Path, options: argparse.Namespace) -> int:
    server = Server(folder)
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "benchmarks.chaos.settings",
            "JOBS_REDIS_URL": server.url,
            VARIABLE: str(folder / "notes"),
        }
    )
    import django

    django.setup()
    stage = Stage(folder, server, options.supervisors)
    try:
        return _play(stage, server, options)
    finally:
        stage.close()


def _play(stage: Stage, server: Server, options: argparse.Namespace) -> int:
    from benchmarks.chaos.producer import Producer
    from benchmarks.chaos.report import Report
    from benchmarks.chaos.verdict import Facts
    from jobs.conf import get_settings

    settings = get_settings()
    plan = make_plan(options.seed, options.seconds, options.supervisors, settings.lease)
    print(f"Seed {options.seed}: {len(plan)} faults in {options.seconds:g} s.", flush=True)
    began = time.monotonic()
    producer = Producer(options.seed, options.rate)
    aftermath = Aftermath(settings)
    server.start()
    stage.start()
    producer.start()
    stage.carry_out(plan, options.seconds)
    producer.stop()
    is_drained = _drain(stage, aftermath)
    stage.stop()
    report = Report(
        producer.promised,
        producer.uncertain,
        read_runs(Path(os.environ[VARIABLE])),
        Facts(stage.lives.by_pid, server.outages, settings.lease, settings.heartbeat),
        began,
    )
    if not is_drained:
        report.others.append(f"not drained within {LONGEST_DRAIN:g} s")
    report.others += stage.bad_exits + aftermath.complaints()
    report.show()
    return 0 if report.is_good else 1


def _drain(stage: Stage, aftermath: Aftermath) -> bool:
    """Return whether nothing is left to do, as soon as that is so."""
    deadline = time.monotonic() + LONGEST_DRAIN
    while time.monotonic() < deadline:
        stage.look()
        if aftermath.is_drained(stage.supervisors):
            return True
        time.sleep(LOOK_EVERY)
    return False


if __name__ == "__main__":
    sys.exit(main())
