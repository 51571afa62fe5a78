"""What is done to the shop from a process beside it.

    python -m tests.sights.trouble past
    python -m tests.sights.trouble traffic 60

Used by `broken_states`.
"""

import math
import random
import sys
import time
from collections.abc import Callable, Iterator

import django

django.setup()

from jobs import control  # noqa: E402
from jobs.inspect import get_reader  # noqa: E402
from jobs.store.metrics import ALL_RUNS, ALL_WAITS, WAITS, Measure, MetricStore  # noqa: E402
from tests.sights import jobs as shop  # noqa: E402

#: Queue, seconds of a run, and runs in a second.
USUAL = {
    "ChargeCardJob": ("default", 0.02, 5.0),
    "SendReceiptJob": ("default", 0.03, 5.0),
    "ImportCatalogueJob": ("imports", 0.2, 0.6),
    "BuildReportJob": ("reports", 0.05, 0.2),
    "ResizeImageJob": ("images", 0.05, 2.0),
}
DAYS = 3
#: The share of runs that always fail.
FAILING = 0.004


def past() -> None:
    """Measure three days in which all was well, and deploy at their end."""
    random.seed(3)
    metrics, now = MetricStore(get_reader().store), get_reader().now()
    rows = list(_past(now))
    for first in range(0, len(rows), 500):
        metrics.add(rows[first : first + 500])
    control.mark_deploy("v41")


def _past(now: float) -> Iterator[tuple[str, float, Measure]]:
    """Yield each minute of the last two hours, and one of ten before."""
    for back in (*range(60, 7_200, 60), *range(7_200, DAYS * 86_400, 600)):
        for name, (queue, seconds, rate) in USUAL.items():
            wave = 1 + 0.4 * math.sin(back / 3_000)
            count = max(0, round(rate * 60 * wave + random.gauss(0, 4)))
            failures = sum(random.random() < FAILING for _ in range(count))
            runs, waits = Measure(), Measure()
            runs.add_many(
                [max(0.001, random.gauss(seconds, seconds / 5)) for _ in range(count)],
                failures=failures,
            )
            waits.add_many([random.random() / 100 for _ in range(count)], failures=0)
            for key in (f"job:shopjobs.{name}", f"queue:{queue}", ALL_RUNS):
                yield key, now - back, runs
            for key in (f"{WAITS}{queue}", ALL_WAITS):
                yield key, now - back, waits


def traffic(seconds: str) -> None:
    """Enqueue as much as usual for so many seconds."""
    ends_at, number = time.monotonic() + float(seconds), 0
    while time.monotonic() < ends_at:
        number += 1
        shop.ChargeCardJob.enqueue(number)
        shop.SendReceiptJob.enqueue(number)
        if number % 2 == 0:
            shop.ResizeImageJob.enqueue(number)
        if number % 8 == 0:
            shop.ImportCatalogueJob.enqueue(number % 7)
        if number % 25 == 0:
            shop.BuildReportJob.enqueue(number)
        time.sleep(0.2)


def deploy() -> None:
    """Deploy another version."""
    control.mark_deploy("v42")


def endless() -> None:
    """Enqueue a job that does not end."""
    shop.ImportCatalogueJob.enqueue(shop.ENDLESS)


def pause() -> None:
    """Pause the queue of images."""
    control.pause("images")


def flood() -> None:
    """Enqueue far more reports than a worker can build."""
    shop.BuildReportJob.enqueue_many([(number,) for number in range(20_000)])


def ballast() -> None:
    """Fill the memory of Redis to 86 %."""
    client = get_reader().store.client
    for number in range(10_000):
        told = client.info("memory")
        if told["used_memory"] > 0.86 * told["maxmemory"]:
            return
        client.set(f"ballast:{number}", "x" * 100_000)


DEEDS: dict[str, Callable[..., None]] = {
    deed.__name__: deed for deed in (past, traffic, deploy, endless, pause, flood, ballast)
}

if __name__ == "__main__":
    DEEDS[sys.argv[1]](*sys.argv[2:])
