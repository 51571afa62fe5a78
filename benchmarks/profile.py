"""Show where the time of a job goes: `python -m benchmarks.profile old=../old new=.`.

Samples with py-spy who holds the GIL while jobs are drained, enqueued one by one, and in bulk. The
shares are multiplied by the CPU time of a job, so that the columns can be compared; what the
kernel takes for sockets, threads and files is a row of its own. Each sample counts for the
innermost frame that is part of the library; what Django or a driver does counts for whoever called
it. `--write docs/performance_profiles.md` keeps the tables.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.compare import checkout
from benchmarks.measures import Bench, fresh_bench, tree
from benchmarks.server import server_version, wait_for
from benchmarks.subjects import Checkout, Crew, figures

#: Places in older versions, which are measured too.
FORMER = frozenset({"jobs/worker/metrics", "jobs/events.py"})
#: What the files of the library do, in the order in which a job meets them. The first match counts.
PARTS = {
    "benchmarks/client.py": "the benchmark itself",
    "benchmarks/jobs.py": "the job itself",
    "jobs/arguments.py": "check and bind the arguments",
    "jobs/parameters.py": "check and bind the arguments",
    "jobs/ids.py": "make an id",
    "jobs/payload.py": "encode and decode the payload",
    "jobs/middleware/": "middleware",
    "jobs/commit.py": "look for an open transaction",
    "jobs/job.py": "options of the class",
    "jobs/options.py": "options of the class",
    "jobs/registry.py": "options of the class",
    "jobs/enqueue.py": "build the push",
    "jobs/making.py": "build the push",
    "jobs/client.py": "build the push",
    "jobs/store/metrics": "metrics",
    "jobs/worker/metrics": "metrics",
    "jobs/worker/recorder": "metrics",
    "jobs/store/": "talk to Redis: our side",
    "/redis/": "talk to Redis: redis-py and the socket",
    "/hiredis/": "talk to Redis: redis-py and the socket",
    "jobs/worker/fetcher": "take and hand in",
    "jobs/worker/arming": "take and hand in",
    "jobs/worker/catch": "take and hand in",
    "jobs/worker/buffer": "take and hand in",
    "jobs/worker/stock": "take and hand in",
    "jobs/worker/prospect": "take and hand in",
    "jobs/worker/deliveries": "take and hand in",
    "jobs/worker/custody": "take and hand in",
    "jobs/worker/unit": "take and hand in",
    "jobs/events.py": "log",  # so it was called before there were listeners
    "jobs/events": "tell those who listen",
    "jobs/log": "log",
    "jobs/worker/": "run: find the class, guard, conclude",
    "jobs/": "other parts of the library",
}
#: What stands above the tables in a file.
HEAD = """# Where the CPU time of a job goes

`python -m benchmarks.profile … --write docs/performance_profiles.md` wrote this page.
[performance.md](performance.md) says how to read it.

"""
OTHER = "outside of the library"
KERNEL = "the kernel: sockets, threads, files"
#: A frame of `client.py` below which it does what is measured.
CLIENT_AT_WORK = re.compile(r"\b(work|timed) \(.*benchmarks/client\.py")
#: The µs of CPU that a process and the kernel spend.
Spent = tuple[float, float]
#: Samples a second, and for how long workers are watched, in seconds.
RATE, SECONDS = 500, 3


def main() -> None:
    """Profile everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="+", metavar="[NAME=]PATH[@PYTHON]")
    parser.add_argument("--scale", type=float, default=1.0, help="0.1: a tenth of all jobs")
    parser.add_argument("--py-spy", default=found(), help="where py-spy is")
    parser.add_argument("--write", type=Path, help="write the tables here")
    options = parser.parse_args()
    subjects = [checkout(text) for text in options.checkouts]
    tables = []
    for title, profile in PROFILES.items():
        costs = [cost(profile, subject, options) for subject in subjects]
        tables.append(table(title, [subject.name for subject in subjects], costs))
    told = f"CPU time of a job in µs. {os.cpu_count()} cores, {server_version()}."
    if options.scale != 1:
        told += f" **Measured with {options.scale:g} of the jobs: no figures to quote.**"
    text = "\n\n".join([told, *tables]) + "\n"
    print(text)
    if options.write:
        options.write.write_text(HEAD + text)


def found() -> str:
    """Return py-spy: beside this Python, or on the PATH."""
    return shutil.which("py-spy", path=str(Path(sys.executable).parent)) or "py-spy"


def cost(profile: "Profile", subject: Checkout, options: argparse.Namespace) -> dict[str, float]:
    """Return the CPU time of a job in µs, by its parts."""
    with fresh_bench(subject, options.scale) as bench:
        stacks = bench.folder / "stacks"
        spy = [options.py_spy, "record", "--format", "raw", "--output", str(stacks)]
        spy += ["--rate", str(RATE), "--gil", "--full-filenames"]
        user, kernel = profile(bench, subject, spy)
        samples = parts(stacks.read_text().splitlines())
        costs = {part: user * n / samples.total() for part, n in samples.items()}
        return costs | {KERNEL: kernel}


def drain(bench: Bench, subject: Checkout, spy: Sequence[str]) -> Spent:
    """Watch a worker that has more to do than it can."""
    jobs = bench.size(300_000 * SECONDS, least=5_000)
    bench.fill("NoOpJob", jobs)
    with subject.working(bench.server, bench.folder, Crew()) as processes:
        wait_for(lambda: bench.left() < jobs)
        child = str(tree(processes)[-1])
        left, cpu = bench.left(), cpu_of(child)
        seconds = ["--duration", str(SECONDS)]
        subprocess.run([*spy, *seconds, "--pid", child], check=True, capture_output=True)
        jobs, after = left - bench.left(), cpu_of(child)
        return after[0] / jobs - cpu[0] / jobs, after[1] / jobs - cpu[1] / jobs


def enqueue(bench: Bench, subject: Checkout, spy: Sequence[str]) -> Spent:
    """Watch a client that enqueues one job after the other."""
    return client(bench, subject, spy, "enqueue", jobs=bench.size(40_000), threads=1)


def enqueue_many(bench: Bench, subject: Checkout, spy: Sequence[str]) -> Spent:
    """Watch a client that enqueues many at once."""
    jobs = bench.size(1_000_000, least=2_000)
    return client(bench, subject, spy, "fill", jobs=jobs, kind="NoOpJob")


def client(
    bench: Bench, subject: Checkout, spy: Sequence[str], what: str, **options: object
) -> Spent:
    """Run a command of the client under py-spy."""
    with subject.stage() as stage:
        command = [*spy, "--", *subject.command(what, options)]
        told = figures(command, stage, subject.environment(bench.server))
        return told["user"], told["kernel"]


Profile = Callable[[Bench, Checkout, Sequence[str]], Spent]
PROFILES: dict[str, Profile] = {
    "Drain no-op jobs, one process, 10 threads": drain,
    "`enqueue`, one thread": enqueue,
    "`enqueue_many`": enqueue_many,
}


def cpu_of(pid: str) -> Spent:
    """Return the µs of CPU that a process has spent."""
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    user, kernel = (int(ticks) / os.sysconf("SC_CLK_TCK") * 1e6 for ticks in spent)
    return user, kernel


def parts(lines: Iterable[str]) -> Counter[str]:
    """Return the samples of each part.

    What a client does before it begins does not count.
    """
    counted: Counter[str] = Counter()
    for line in lines:
        stack, _, samples = line.rpartition(" ")
        frames = stack.split(";")
        is_worker = any("jobs/worker/" in frame for frame in frames)
        if is_worker or any(CLIENT_AT_WORK.search(frame) for frame in frames):
            counted[part(frames)] += int(samples)
    return counted


def part(frames: Sequence[str]) -> str:
    """Return what the innermost frame that we know belongs to."""
    for frame in reversed(frames):
        for place, name in PARTS.items():
            if place in frame:
                return name
    return OTHER


def table(title: str, names: Sequence[str], costs: Sequence[Mapping[str, float]]) -> str:
    """Return one table as Markdown."""
    rows = [
        f"## {title}",
        "",
        f"| | {' | '.join(names)} |",
        f"| --- |{' ---: |' * len(names)}",
        f"| **all** | {' | '.join(f'**{sum(cost.values()):.1f}**' for cost in costs)} |",
    ]
    met = [
        name
        for name in dict.fromkeys([*PARTS.values(), OTHER, KERNEL])
        if any(name in cost for cost in costs)
    ]
    for name in met:
        cells = [f"{cost.get(name, 0):.2f}" for cost in costs]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
