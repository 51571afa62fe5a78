"""Measure what a request costs with the outbox and without it.

    python ci/with_postgres.py python -m benchmarks.outbox_cost [--rounds 15]

A request is a transaction that inserts a row of its own and enqueues one job. The kinds take turns:
each round measures all of them, and their ratio is taken within the round. The table shows medians.
The database writes nothing to its disk here. Where it does, a commit takes longer, and the ratio is
closer to 1.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.throughput import valkey

#: Requests of one kind in one round.
REQUESTS = 300
NO_JOB, NO_OUTBOX, OUTBOX = "no job", "a job", "a job in the outbox"
#: Wall clock and CPU of this process, in µs for one request.
Cost = tuple[float, float]


def main() -> None:
    """Measure by turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.outbox_settings"
    with tempfile.TemporaryDirectory() as folder, valkey(Path(folder)):
        import django

        django.setup()
        from django.db import connection

        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_order (number integer)")
        kinds = requests()
        names = list(kinds)
        for request in kinds.values():
            cost_of(request)  # connections, scripts and caches
        rounds = [
            {name: cost_of(kinds[name]) for name in (names, names[::-1])[n % 2]}
            for n in range(asked.rounds)
        ]
        print(f"{connection.vendor}: {asked.rounds} rounds of {REQUESTS} requests of each kind")
        connection.creation.destroy_test_db("bench", verbosity=0)
    print(f"{'':24} {'clock':>10} {'CPU':>10} {'beside a job without it: clock, CPU':>40}")
    for name in kinds:
        print(row(name, rounds))


def requests() -> Mapping[str, Callable[[], None]]:
    """Return what a request of each kind does."""
    from django.db import connection, transaction

    from benchmarks.jobs import NoOpJob
    from benchmarks.outbox_jobs import KeptJob

    def insert() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_order (number) VALUES (%s)", [1])

    def without() -> None:
        with transaction.atomic():
            insert()

    def request(job_class: type[NoOpJob]) -> Callable[[], None]:
        def run() -> None:
            with transaction.atomic():
                insert()
                job_class.enqueue(1)

        return run

    return {NO_JOB: without, NO_OUTBOX: request(NoOpJob), OUTBOX: request(KeptJob)}


def cost_of(request: Callable[[], None]) -> Cost:
    """Return what one of many requests takes."""
    clock, cpu = time.perf_counter(), time.process_time()
    for _ in range(REQUESTS):
        request()
    spent = time.perf_counter() - clock, time.process_time() - cpu
    return spent[0] / REQUESTS * 1e6, spent[1] / REQUESTS * 1e6


def row(name: str, rounds: list[dict[str, Cost]]) -> str:
    """Return one line of the table."""
    costs = [statistics.median(told[name][which] for told in rounds) for which in (0, 1)]
    ratios = [
        statistics.median(told[name][which] / told[NO_OUTBOX][which] for told in rounds)
        for which in (0, 1)
    ]
    figures = " ".join(f"{cost:7,.0f} µs" for cost in costs)
    return f"{name:24} {figures} {ratios[0]:>30.2f}, {ratios[1]:.2f}"


if __name__ == "__main__":
    main()
