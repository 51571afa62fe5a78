"""The measurements.

Each starts from an empty server, asks a subject to do something, and returns its figures.
`compare.py`, `curves.py` and `throughput.py` choose among them; none of them knows who is measured.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.server import Server, serving, wait_for
from benchmarks.subjects import Crew, Subject

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Bench:
    """One subject at one server, with a folder for what they write.

    `scale` shrinks all numbers of jobs.
    """

    subject: Subject
    server: Server
    folder: Path
    scale: float = 1.0

    def size(self, jobs: int, least: int = 20) -> int:
        """Return how many jobs to take instead of so many."""
        return max(least, int(jobs * self.scale))

    def left(self, queue: str = "bench") -> int:
        """Return how many jobs are not done yet."""
        return self.subject.left(self.server.redis, queue)

    def fill(self, kind: str, jobs: int, argument: object = None, **more: object) -> float:
        """Enqueue many jobs, and return the rate.

        `more` goes to the client: a queue, or the hours until they are due.
        """
        options = more if argument is None else {"argument": argument, **more}
        return self.subject.client(self.server, "fill", kind=kind, jobs=jobs, **options)["rate"]

    def drain(self, crew: Crew = Crew(), *, leave: int = 0, at_once: int = 0) -> float:  # noqa: B008  # it is frozen
        """Run workers until so many jobs are left.

        Return jobs a second, from the first one done to the last. Of jobs that wait, so many end
        `at_once` at the beginning, and do not count.
        """
        jobs = self._left_in(crew.queues)
        with self.subject.working(self.server, self.folder, crew):
            first = wait_for(lambda: self._left_in(crew.queues) < jobs)
            before = jobs - at_once if at_once else self._left_in(crew.queues)
            last = wait_for(lambda: self._left_in(crew.queues) <= leave)
            after = self._left_in(crew.queues)
        if before <= after:
            raise RuntimeError(f"{jobs:,} jobs are too few: they were done before anybody looked.")
        return (before - after) / (last - first)

    def _left_in(self, queues: Sequence[str]) -> int:
        return sum(self.left(queue) for queue in queues)

    def latency(
        self, crew: Crew, jobs: int, queue: str = "bench", priority: int | None = None
    ) -> tuple[float, float]:
        """Return p50 and p99 of the latency in ms.

        It goes from the call of `enqueue` to the first line of `perform`. The first job is left
        out: it meets connections that are not made yet.
        """
        options = {} if priority is None else {"priority": priority}
        with self.subject.working(self.server, self.folder, crew):
            stamps = self.stamps()
            self.subject.client(
                self.server, "latency", path=str(stamps), jobs=jobs + 1, queue=queue, **options
            )
            return percentiles(stamps)

    def stamps(self) -> Path:
        """Return an empty file for jobs to write to."""
        path = self.folder / "stamps"
        path.write_text("")
        return path


@contextmanager
def fresh_bench(subject: Subject, scale: float) -> Iterator[Bench]:
    """Give a subject a server and a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="makeitso-bench-") as name:
        folder = Path(name)
        with serving(folder) as server:
            yield Bench(subject, server, folder, scale)


def percentiles(path: Path) -> tuple[float, float]:
    """Return p50 and p99 in ms of the seconds in a file.

    The first is left out.
    """
    late = sorted(float(line.split()[0]) * 1000 for line in path.read_text().splitlines()[1:])
    cuts = statistics.quantiles(late, n=100)
    return cuts[49], cuts[98]


def ping(bench: Bench) -> Figures:
    """Measure the machine, not the subject."""
    return {"ping": bench.server.ping_microseconds()}


def no_op(bench: Bench) -> Figures:
    """Measure bulk enqueueing, draining, and what both ask of Redis."""
    jobs, before = bench.size(300_000, least=2_000), bench.server.cpu_microseconds()
    bulk = bench.fill("NoOpJob", jobs)
    bench.server.watch_commands()
    return {
        "bulk": bulk,
        "drain": bench.drain(),
        "longest": bench.server.longest_command(),
        "redis": (bench.server.cpu_microseconds() - before) / jobs,
    }


def two_processes(bench: Bench) -> Figures:
    """Measure draining by two processes."""
    bench.fill("NoOpJob", bench.size(300_000, least=4_000))
    return {"drain_2": bench.drain(Crew(processes=2))}


def enqueue(bench: Bench) -> Figures:
    """Measure enqueueing one by one, on one thread and on four."""
    jobs, client = bench.size(20_000), partial(bench.subject.client, bench.server, "enqueue")
    return {
        "enqueue_1": client(jobs=jobs, threads=1)["rate"],
        "enqueue_4": client(jobs=jobs, threads=4)["rate"],
    }


def idle_latency(bench: Bench) -> Figures:
    """Measure the way to an idle worker, which serves one queue or five."""
    jobs = bench.size(500)
    queues = tuple(f"bench{number}" for number in range(5))
    p50, p99 = bench.latency(Crew(), jobs)
    p50_of_5, p99_of_5 = bench.latency(Crew(queues=queues), jobs, queues[-1])
    return {"p50": p50, "p99": p99, "p50_5": p50_of_5, "p99_5": p99_of_5}


def waiting(bench: Bench) -> Figures:
    """Measure jobs that wait 10 ms.

    The figure is in per cent of what so many threads could do at best.
    """
    figures = {}
    for threads in (10, 50):
        bench.fill("SleepJob", bench.size(500 * threads, least=4 * threads), 0.01)
        figures[f"waiting_{threads}"] = (
            bench.drain(Crew(threads), at_once=threads) * 0.01 / threads * 100
        )
    return figures


def coroutines(bench: Bench) -> Figures:
    """Measure coroutines of 0.1 s, of which 100 run at a time.

    The figure is in per cent of the ideal.
    """
    if "CoroutineJob" not in bench.subject.kinds:
        return {}
    bench.fill("CoroutineJob", bench.size(10_000, least=300), 0.1)
    return {"coroutines": bench.drain(at_once=100) * 0.1 / 100 * 100}


def sizes(bench: Bench) -> Figures:
    """Measure the memory of idle workers, and of a job in Redis."""
    jobs = bench.size(50_000, least=1_000)
    memory, before = idle_memory(bench, Crew()), bench.server.memory()
    bench.fill("NoOpJob", jobs)
    return {"memory": memory, "bytes": (bench.server.memory() - before) / jobs}


def idle_memory(bench: Bench, crew: Crew) -> float:
    """Return the MB of workers that have nothing to do, their supervisor among them."""
    bench.fill("NoOpJob", 1)
    with bench.subject.working(bench.server, bench.folder, crew) as processes:
        wait_for(lambda: bench.left() == 0)
        time.sleep(1)  # let them settle
        return sum(pss(pid) for pid in tree(processes)) / 1e6


def many_queues(bench: Bench) -> Figures:
    """Measure what 50 idle queues cost Redis.

    Measure the way to the last of them too.
    """
    queues = tuple(f"bench{number}" for number in range(50))
    crew, seconds = Crew(queues=queues), 10.0  # two heartbeats
    bench.fill("NoOpJob", 1, queue=queues[-1])
    with bench.subject.working(bench.server, bench.folder, crew):
        wait_for(lambda: bench.left(queues[-1]) == 0)
        time.sleep(1)
        sent, executed = bench.server.commands(seconds)
    p50, _ = bench.latency(crew, bench.size(200), queues[-1])
    return {"commands_50": sent, "executed_50": executed, "p50_50": p50}


def lateness(bench: Bench) -> Figures:
    """Measure by how many ms scheduled jobs start late, spread over five seconds.

    There are always as many: the fewer they are, the more of them the p99 leaves out.
    """
    jobs = 500
    with bench.subject.working(bench.server, bench.folder, Crew()):
        stamps = bench.stamps()
        bench.subject.client(bench.server, "lateness", path=str(stamps), jobs=jobs)
        wait_for(lambda: len(stamps.read_text().splitlines()) >= jobs)
        p50, p99 = percentiles(stamps)
    return {"late_p50": p50, "late_p99": p99}


def tree(processes: Sequence[int]) -> list[int]:
    """Return processes with all their descendants."""
    found, parents = list(processes), parents_of_all()
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def parents_of_all() -> dict[int, int]:
    """Return the parent of every process."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    return parents


def pss(pid: int) -> int:
    """Return the bytes of a process.

    What it has in common with others counts by its share.
    """
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(row.split()[1]) for row in rollup.splitlines() if row.startswith("Pss:")) * 1024


MEASURES: dict[str, Callable[[Bench], Figures]] = {
    "ping": ping,
    "no_op": no_op,
    "two_processes": two_processes,
    "enqueue": enqueue,
    "idle_latency": idle_latency,
    "waiting": waiting,
    "coroutines": coroutines,
    "sizes": sizes,
    "many_queues": many_queues,
    "lateness": lateness,
}
