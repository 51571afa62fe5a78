"""Measure how speed scales, and draw it: `python -m benchmarks.curves [--quick] [--only backlog]`.

The figures are kept as `curves.json` beside the drawings, so that `--draw` can repeat them. The
full run takes a quiet machine and less than an hour. `--quick` takes a minute, shows only that all
works, and writes into a folder of its own.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measures import Bench, Figures, fresh_bench, idle_memory
from benchmarks.server import server_version
from benchmarks.subjects import HERE, Checkout, Crew
from benchmarks.svg import Line, Panel, chart

#: Figures by place and name, for each curve by its key.
Points = dict[str, Figures]
#: Jobs of which the rate is taken, at a scale of 1.
COUNTED = 200_000


@dataclass(frozen=True, slots=True)
class Curve:
    """What is varied, where it is measured, and what is shown.

    `panels`: for each a title, and the names of its lines by their figures.
    """

    title: str
    below: str
    places: Sequence[int]
    quick: Sequence[int]
    measure: Callable[[Bench, int], Figures]
    panels: Sequence[tuple[str, dict[str, str]]]
    is_log: bool = True

    def drawn(self, points: Points, note: str) -> str:
        """Return the SVG of what was measured."""
        panels = [
            Panel(title, self.below, [line(points, *each) for each in names.items()], self.is_log)
            for title, names in self.panels
        ]
        return chart(self.title, panels, note)


def line(points: Points, figure: str, name: str) -> Line:
    """Return one figure at all places."""
    places = sorted((int(place), figures) for place, figures in points.items())
    return Line(name, [(place, figures[figure]) for place, figures in places if figure in figures])


def backlog(bench: Bench, jobs: int) -> Figures:
    """Measure the rate on a deep queue, and how soon an urgent job runs.

    The urgent job passes slow ones.
    """
    bench.fill("NoOpJob", jobs)
    rate = bench.drain(leave=max(0, jobs - bench.size(COUNTED, least=2_000)))
    bench.server.redis.flushall()
    bench.fill("SleepJob", jobs, 0.01)
    p50, p99 = bench.latency(Crew(), bench.size(200), priority=100)
    return {"rate": rate, "p50": p50, "p99": p99}


def queues(bench: Bench, number: int) -> Figures:
    """Measure the last of so many queues."""
    names = tuple(f"bench{each}" for each in range(number))
    crew = Crew(queues=names)
    p50, p99 = bench.latency(crew, bench.size(200), names[-1])
    bench.fill("NoOpJob", bench.size(COUNTED, least=2_000), queue=names[-1])
    return {"rate": bench.drain(crew), "p50": p50, "p99": p99}


def scheduled(bench: Bench, jobs: int) -> Figures:
    """Measure a queue in which so many jobs wait for tomorrow."""
    bench.fill("NoOpJob", jobs, hours=24)
    p50, p99 = bench.latency(Crew(), bench.size(200))
    bench.fill("NoOpJob", bench.size(COUNTED, least=2_000))
    return {"rate": bench.drain(leave=jobs), "p50": p50, "p99": p99}


def payload(bench: Bench, size: int) -> Figures:
    """Measure jobs that carry so many bytes, 300 MB of them at most."""
    jobs = min(bench.size(COUNTED, least=2_000), 300_000_000 // size)
    bulk = bench.fill("TextJob", jobs, "x" * size)
    rate = bench.drain()
    million = size / 1e6
    return {"bulk": bulk, "rate": rate, "bulk_mb": bulk * million, "rate_mb": rate * million}


def threads(bench: Bench, number: int) -> Figures:
    """Measure so many threads with idle jobs and with waiting jobs.

    The idle ones do nothing, the waiting ones wait 10 ms.
    """
    bench.fill("NoOpJob", bench.size(COUNTED, least=2_000))
    rate = bench.drain(Crew(number))
    bench.fill("SleepJob", bench.size(500, least=10) * number, 0.01)
    waiting = bench.drain(Crew(number), at_once=number)
    return {"rate": rate, "waiting": waiting, "ideal": number / 0.01}


def workers(bench: Bench, number: int) -> Figures:
    """Measure so many processes of 10 threads."""
    crew = Crew(processes=number)
    memory = idle_memory(bench, crew)
    bench.fill("NoOpJob", bench.size(COUNTED, least=2_000))
    return {"rate": bench.drain(crew), "memory": memory}


RATE = ("No-op jobs a second", {"rate": "one process, 10 threads"})
LATENCY = ("From enqueue to start, in ms", {"p50": "p50", "p99": "p99"})
CURVES = {
    "backlog": Curve(
        "A deep backlog",
        "jobs in the queue",
        (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000),
        (2_000, 5_000, 10_000),
        backlog,
        [RATE, ("An urgent job on busy threads, in ms", {"p50": "p50", "p99": "p99"})],
    ),
    "queues": Curve(
        "Many queues",
        "queues of one worker",
        (1, 2, 5, 10, 20, 50),
        (1, 5, 50),
        queues,
        [RATE, LATENCY],
    ),
    "scheduled": Curve(
        "Jobs that wait for tomorrow",
        "scheduled jobs in the queue",
        (1_000, 10_000, 100_000, 1_000_000),
        (100, 1_000, 10_000),
        scheduled,
        [RATE, LATENCY],
    ),
    "payload": Curve(
        "Large arguments",
        "bytes of argument",
        (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000),
        (100, 3_000, 100_000),
        payload,
        [
            ("Jobs a second", {"bulk": "enqueue_many", "rate": "run"}),
            ("Megabytes a second", {"bulk_mb": "enqueue_many", "rate_mb": "run"}),
        ],
    ),
    "threads": Curve(
        "Threads of one process",
        "threads",
        (1, 2, 5, 10, 20, 50),
        (1, 5, 20),
        threads,
        [
            ("No-op jobs a second", {"rate": "one process"}),
            ("Jobs of 10 ms a second", {"waiting": "measured", "ideal": "ideal"}),
        ],
        is_log=False,
    ),
    "workers": Curve(
        "Worker processes",
        "processes",
        (1, 2, 3, 4, 6, 8),
        (1, 2, 3),
        workers,
        [
            ("No-op jobs a second", {"rate": "10 threads each"}),
            ("Memory of all when idle, in MB", {"memory": "PSS"}),
        ],
        is_log=False,
    ),
}


def main() -> None:
    """Measure what was asked for, keep the figures, and draw them."""
    options = parsed()
    options.folder.mkdir(parents=True, exist_ok=True)
    kept = options.folder / "curves.json"
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    for key in options.only:
        if not options.draw:
            known[key] = {"note": note(options), "points": measured(CURVES[key], options)}
            kept.write_text(json.dumps(known, indent=1) + "\n")
        told = known.get(key, {"note": "", "points": {}})
        svg = CURVES[key].drawn(told["points"], told["note"])
        (options.folder / f"curve_{key}.svg").write_text(svg)
    print(f"The drawings are in {options.folder}.")


def parsed() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=CURVES, default=list(CURVES))
    parser.add_argument("--quick", action="store_true", help="a few small measurements")
    parser.add_argument("--draw", action="store_true", help="only draw what was measured before")
    parser.add_argument("--rounds", type=int, help="3, with --quick 1; medians are kept")
    parser.add_argument("--folder", type=Path, help="docs, with --quick .dev/curves")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    default = Path(".dev/curves" if options.quick else "docs")
    options.folder = options.folder or HERE.parent / default
    return options


def measured(curve: Curve, options: argparse.Namespace) -> Points:
    """Return the medians at each place. The places take turns in each round."""
    scale = 0.02 if options.quick else 1.0
    places = curve.quick if options.quick else curve.places
    found: dict[int, list[Figures]] = {place: [] for place in places}
    for number in range(options.rounds):
        for place in places:
            print(f"{curve.title}: {place:,}, round {number + 1}", file=sys.stderr, flush=True)
            found[place].append(one(curve, place, scale))
    return {
        str(place): {name: statistics.median(f[name] for f in all_of) for name in all_of[0]}
        for place, all_of in found.items()
    }


def one(curve: Curve, place: int, scale: float) -> Figures:
    """Return the figures at one place, on a server of its own."""
    with fresh_bench(Checkout("this", HERE.parent), scale) as bench:
        return curve.measure(bench, place)


def note(options: argparse.Namespace) -> str:
    """Return the line below a chart."""
    rounds = f"medians of {options.rounds} rounds" if options.rounds > 1 else "one round"
    told = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {server_version()}, {rounds}"
    return f"{told}, tiny sizes: no figures to quote" if options.quick else told


if __name__ == "__main__":
    main()
