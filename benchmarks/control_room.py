"""Measure the control room with a million jobs.

    python -m benchmarks.control_room [--jobs 1000000]

Starts a Valkey of its own, spreads jobs over ready, retry and dead of two queues, and asks for
every page through Django's test client. Then it asks once more beside 500 queues with jobs in each
of their sets. Prints a line for each page with its limit, and exits with 1 when one is broken.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from benchmarks.pages import Placed, site, visitor, write

#: Longest time of a page, of a sweep over 100,000 jobs, and of one command in Redis, in ms.
PAGE, SWEEP, COMMAND = 300, 10_000, 10
#: How many jobs "retry all that match" is for.
SWEPT = 100_000
TRACEBACK = 'File "shop/cashier.py", line 88, in charge\n    raise Declined(card)\n' * 25
QUEUES = ("high", "default")
#: The queues of the second look, and the jobs in each set of each of them.
MANY_QUEUES = tuple(f"queue{number:03}" for number in range(500))
IN_EACH = 10
SETS = ("ready", "scheduled", "retry", "dead", "done")


def main() -> None:
    """Fill, measure, and say whether all limits hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=1_000_000)
    options = parser.parse_args()
    with site("bench"):
        sys.exit(0 if measure(options.jobs) else 1)


def measure(jobs: int) -> bool:
    """Print every figure, and return whether all are within their limits."""
    from django.contrib.auth import get_user_model

    from jobs.inspect import get_reader

    client = visitor(get_user_model().objects.create_superuser("bench"))
    store: Any = get_reader().store
    started = time.perf_counter()
    write(store.client, store, map(make, range(jobs)))
    print(f"{jobs:,} jobs written in {time.perf_counter() - started:.0f} s", flush=True)
    store.client.config_set("slowlog-log-slower-than", 1000)
    store.client.config_set("slowlog-max-len", 10_000)
    [dead] = store.client.zrevrange(store.keys(QUEUES[0]).dead, 0, 0)
    paths = list(pages(dead.decode()))
    results = [show(path, timed(partial(client.get, path)), PAGE) for path in paths]
    show(
        "a filter that nothing matches",
        timed(partial(client.get, "/admin/jobs/dead/?text=nosuchword")),
        None,
    )
    show(
        "a search of everything that nothing matches",
        timed(partial(client.get, "/admin/jobs/search/?q=nosuchword")),
        None,
    )
    results += [show(f"retry all of {SWEPT:,}", sweep(store), SWEEP)]
    many = len(MANY_QUEUES) * len(SETS) * IN_EACH
    write(store.client, store, map(make_in_many, range(many)))
    print(f"{len(MANY_QUEUES)} queues with {many:,} jobs more", flush=True)
    results += [show(path, timed(partial(client.get, path)), PAGE) for path in paths]
    return all([*results, show("longest command in Redis", longest_command(store), COMMAND)])


def make(number: int) -> Placed:
    """Return queue, set, score and payload of one job."""
    name = ("ready", "retry", "dead")[number % 3]
    is_swept = name == "dead" and number < 3 * SWEPT
    job_class = "bench.SweptJob" if is_swept else f"bench.Job{number % 7}"
    return placed(number, QUEUES[number % 2], name, job_class)


def make_in_many(number: int) -> Placed:
    """Return the same of one job in one of many queues."""
    of_queue, name = divmod(number // IN_EACH, len(SETS))
    return placed(number, MANY_QUEUES[of_queue], SETS[name], f"bench.Job{number % 7}")


def placed(number: int, queue: str, name: str, job_class: str) -> Placed:
    """Return a job with arguments, and with an error where it has failed."""
    from jobs.ids import new_job_id
    from jobs.payload import Payload

    at = 1_764_000_000_000 + number * 10
    error = {
        "class": "shop.Declined",
        "message": f"Card {number} declined",
        "at": at / 1000,
        "worker": "w:1:a",
    }
    if number % 30 == 2:
        error["traceback"] = TRACEBACK
    payload = Payload(
        0,
        new_job_id(),
        job_class,
        queue,
        [number, {"customer": "Ada Lovelace", "note": "a few words of text"}],
        enqueued_at=at / 1000,
        errors=[error] if name in {"retry", "dead"} else [],
    )
    return queue, name, at + (100 << 44 if name == "ready" else 0), payload


def pages(job_id: str) -> Iterator[str]:
    """Yield the address of every page."""
    names = [
        "",
        "?days=1",
        "?days=180",
        "queues/",
        "queues/default/",
        "workers/",
        "scheduled/",
        "retry/",
        "dead/",
        "done/",
        "dead/?queue=high",
        "dead/?job_class=bench.Job3",
        "dead/?until=2025-11-24T17:00",
        "schedules/",
        "failures/",
        "unique/",
        "search/?q=queue:high%20class:bench.Job3",
        "metrics/",
        "metrics/?in=3d",
        f"job/{job_id}/",
        "metrics.txt",
        "stats.json",
    ]
    yield from (f"/admin/jobs/{name}" for name in names)


def timed(call: Callable[[], Any]) -> float:
    """Return the median of five calls in ms, after one to warm up."""
    if call().status_code != 200:
        raise SystemExit("A page could not be shown.")
    return statistics.median(once(call) for _ in range(5))


def once(call: Callable[[], object]) -> float:
    """Return the time of one call in ms."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def sweep(store: Any) -> float:
    """Retry all dead jobs of one class, and return the ms that took."""
    from jobs import control, inspect

    store.client.slowlog_reset()
    started = time.perf_counter()
    done = control.retry_all("dead", inspect.Filter(job_class="bench.SweptJob"), seconds=60)
    elapsed = (time.perf_counter() - started) * 1000
    print(f"  {done.changed:,} jobs retried, {done.searched:,} looked through", flush=True)
    return elapsed


def longest_command(store: Any) -> float:
    """Return for how many ms the slowest command kept Redis busy.

    It counts those since the sweep began.
    """
    entries = store.client.slowlog_get(10_000)
    slowest = sorted(entries, key=lambda entry: entry["duration"], reverse=True)[:3]
    for entry in slowest:
        print(f"  {entry['duration'] / 1000:.1f} ms for {entry['command'][:60]!r}", flush=True)
    return float(slowest[0]["duration"]) / 1000 if slowest else 0.0


def show(what: str, milliseconds: float, limit: float | None) -> bool:
    """Print one figure, and return whether it is within its limit."""
    is_good = limit is None or milliseconds <= limit
    shown_limit = f"limit {limit:,}" if limit else ""
    broken = "" if is_good else "  BROKEN"
    print(f"{what:44} {milliseconds:10,.1f} ms  {shown_limit:14}{broken}", flush=True)
    return is_good


if __name__ == "__main__":
    main()
