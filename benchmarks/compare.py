r"""Measure checkouts of this project, and Sidekiq, side by side.

    python -m benchmarks.compare old=../old new=. --sidekiq .dev/sidekiq \\
        --rounds 5 --write docs/performance_table.md

A checkout is `[NAME=]PATH[@PYTHON]`. Without PYTHON it is measured with its own `.venv`, or else
with the Python that runs this. All take turns: each round measures everything once, so that what
disturbs the machine disturbs all. Each measurement has a Valkey of its own. The table shows medians
over the rounds, and how many times better the last checkout is than each of the others.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from redis import RedisError

from benchmarks.measures import MEASURES, fresh_bench
from benchmarks.server import server_version
from benchmarks.subjects import Checkout, Sidekiq, Subject


class Row(NamedTuple):
    """One row of the table. `format` shows a figure with its unit.

    `is_more_better` is None where there is nothing to compare.
    """

    title: str
    format: str
    is_more_better: bool | None = True


ROWS = {
    "drain": Row("no-op jobs, one process, 10 threads", "{:,.0f}/s"),
    "drain_2": Row("no-op jobs, two processes", "{:,.0f}/s"),
    "enqueue_1": Row("`enqueue`, one thread", "{:,.0f}/s"),
    "enqueue_4": Row("`enqueue`, four threads", "{:,.0f}/s"),
    "bulk": Row("`enqueue_many`", "{:,.0f}/s"),
    "p50": Row("idle to start, p50", "{:.2f} ms", is_more_better=False),
    "p99": Row("idle to start, p99", "{:.2f} ms", is_more_better=False),
    "p50_5": Row("idle to start with 5 queues, p50", "{:.2f} ms", is_more_better=False),
    "p99_5": Row("idle to start with 5 queues, p99", "{:.2f} ms", is_more_better=False),
    "late_p50": Row("scheduled jobs, late by p50", "{:.2f} ms", is_more_better=False),
    "late_p99": Row("scheduled jobs, late by p99", "{:.2f} ms", is_more_better=False),
    "waiting_10": Row("10 ms jobs on 10 threads, of the ideal", "{:.1f} %"),
    "waiting_50": Row("10 ms jobs on 50 threads, of the ideal", "{:.1f} %"),
    "coroutines": Row("coroutines of 0.1 s, 100 at a time, of the ideal", "{:.1f} %"),
    "memory": Row("memory of idle workers (PSS)", "{:.1f} MB", is_more_better=False),
    "bytes": Row("a job in Redis", "{:,.0f} B", is_more_better=False),
    "redis": Row("CPU of Redis for a job, in bulk and drained", "{:.1f} µs", is_more_better=False),
    "longest": Row("longest command in Redis while draining", "{:.2f} ms", is_more_better=False),
    "commands_50": Row("commands sent with 50 idle queues", "{:,.0f}/s", is_more_better=False),
    "executed_50": Row(
        "... and executed, with those in scripts", "{:,.0f}/s", is_more_better=False
    ),
    "p50_50": Row("idle to start, last of 50 queues, p50", "{:.2f} ms", is_more_better=False),
    "ping": Row("PING round trip (the machine alone)", "{:.0f} µs", is_more_better=None),
}

#: What a measurement may end in.
FAILURES = (
    RuntimeError,
    ValueError,
    LookupError,
    OSError,
    subprocess.SubprocessError,
    RedisError,
)
#: What stands above the table in a file.
HEAD = """# Speed, side by side

`python -m benchmarks.compare … --write docs/performance_table.md` wrote this page.
[performance.md](performance.md) says what each row means and how to repeat it.

"""

#: Figures of each round: for each subject by its name, for each row by its key.
Rounds = list[dict[str, dict[str, float]]]


def main() -> int:
    """Measure and print the table. Return 1 if a measurement failed."""
    options = parsed()
    subjects = chosen(options)
    rounds: Rounds = []
    complaints: list[str] = []
    for number in range(options.rounds):
        print(f"Round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
        # Nobody is always the first.
        order = subjects[number % len(subjects) :] + subjects[: number % len(subjects)]
        rounds.append(one_round(order, options, complaints))
        if options.json:
            options.json.write_text(json.dumps(rounds, indent=1) + "\n")
    text = page(subjects, rounds, options)
    print(text)
    if options.write:
        options.write.write_text(HEAD + text)
    print("\n".join(complaints), file=sys.stderr)
    return 1 if complaints else 0


def parsed() -> Any:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", nargs="+", metavar="[NAME=]PATH[@PYTHON]")
    parser.add_argument("--sidekiq", type=Path, metavar="FOLDER", help="where its gems are, or go")
    parser.add_argument("--ruby", default="ruby")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="0.01: a hundredth of all jobs")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--json", type=Path, help="keep the figures of each round here")
    parser.add_argument("--write", type=Path, help="write the table here")
    return parser.parse_args()


def chosen(options: Any) -> list[Subject]:
    """Return who is measured.

    Who cannot be measured is named with the reason, and left out.
    """
    subjects: list[Subject] = [checkout(text) for text in options.checkouts]
    if options.sidekiq:
        try:
            subjects.append(Sidekiq(options.sidekiq.resolve(), options.ruby))
        except RuntimeError as error:
            print(f"Sidekiq is left out. {error}", file=sys.stderr)
    return subjects


def checkout(text: str) -> Checkout:
    """Return the checkout that an argument names."""
    place, _, python = text.partition("@")
    name, _, path = place.rpartition("=")
    folder = Path(path).resolve()
    own = folder / ".venv" / "bin" / "python"
    return Checkout(
        name or folder.name, folder, python or str(own if own.exists() else sys.executable)
    )


def one_round(
    subjects: Sequence[Subject], options: Any, complaints: list[str]
) -> dict[str, dict[str, float]]:
    """Return the figures of each subject, each measurement beside that of the others."""
    figures: dict[str, dict[str, float]] = {subject.name: {} for subject in subjects}
    for name in options.only:
        for subject in subjects:
            try:
                figures[subject.name] |= measured(name, subject, options.scale)
            except FAILURES as error:  # the others are still worth to be known
                complaints.append(f"{name} of {subject.name} failed: {error}")
    return figures


def measured(name: str, subject: Subject, scale: float) -> dict[str, float]:
    """Return the figures of one measurement, on a server of its own."""
    with fresh_bench(subject, scale) as bench:
        return MEASURES[name](bench)


def page(subjects: Sequence[Subject], rounds: Rounds, options: Any) -> str:
    """Return the table as Markdown, with what one must know to read it."""
    names = [subject.name for subject in subjects]
    best = [s.name for s in subjects if isinstance(s, Checkout)][-1]
    others = [name for name in names if name != best]
    heads = [*names, *(f"{best} : {name}" for name in others)]
    rows = [row(key, names, others, best, rounds) for key in ROWS]
    return "\n".join(
        [
            *explanation(subjects, len(rounds), best, options.scale),
            "",
            f"| | {' | '.join(heads)} |",
            f"| --- |{' ---: |' * len(heads)}",
            *filter(None, rows),
            "",
        ]
    )


def explanation(subjects: Sequence[Subject], rounds: int, best: str, scale: float) -> Iterator[str]:
    """Yield the lines above the table."""
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    machine = (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {server_version()}"
    )
    yield f"Medians of {rounds} interleaved rounds on {today}. {machine}."
    yield "; ".join(f"{subject.name}: {subject.version()}" for subject in subjects) + "."
    yield f"The last columns say how many times better {best} is: below 1 it is worse."
    if scale != 1:
        yield f"**Measured with {scale:g} of the jobs: these are no figures to quote.**"


def row(key: str, names: Sequence[str], others: Sequence[str], best: str, rounds: Rounds) -> str:
    """Return one row of the table, empty when nobody was measured."""
    medians = {name: median(rounds, name, key) for name in names}
    if not any(medians.values()):
        return ""
    title, form, is_more_better = ROWS[key]
    shown = [form.format(value) if value else "" for value in medians.values()]
    gains = [gain(medians[best], medians[other], is_more_better=is_more_better) for other in others]
    return f"| {title} | {' | '.join([*shown, *gains])} |"


def median(rounds: Rounds, name: str, key: str) -> float | None:
    """Return the median of one figure of one subject, None when it has none."""
    values = [figures[name][key] for figures in rounds if key in figures[name]]
    return statistics.median(values) if values else None


def gain(own: float | None, other: float | None, *, is_more_better: bool | None) -> str:
    """Return how many times better one figure is than another."""
    if not own or not other or is_more_better is None:
        return ""
    return f"{own / other if is_more_better else other / own:.2f} ×"


if __name__ == "__main__":
    sys.exit(main())
