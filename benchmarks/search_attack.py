"""Attacks the search as somebody who may only look.

    python -m benchmarks.search_attack [--requests 5000]

Starts a Valkey of its own. First it asks for the most expensive searches over large jobs, and says
for how long one of them kept Redis busy. Then 1, 50, 300 and 1,000 jobs share a secret, and right
and wrong guesses are asked for by turns. It compares what the pages say and how long they take.
Exits with 1 if Redis was busy for too long, or if the right guesses can be told from the wrong.
"""

import argparse
import os
import random
import re
import sys
import time
from collections import defaultdict
from html import escape
from math import sqrt
from typing import Any

from redis import Redis

from benchmarks.pages import Placed, site, visitor, write

#: Jobs in the dead set while somebody guesses.
JOBS = 1_100
#: Longest time that one command may keep Redis busy, in ms.
COMMAND = 10
#: So many standard deviations between right and wrong are no chance: one in 30,000.
SURE = 4.0
GUESSED = "tangerine-4711"
#: Attempts at one measurement, since something else may keep the machine busy.
ATTEMPTS = 6
#: What is asked for with a guess in it. The last two pretend to be another part of a payload.
FIELDS = {
    "text": "{}",
    "error": "{}",
    "job_class": 'shop.Charge","queue":"default","args":[{{"password":"{}',
    "error_class": "{}",
}
#: What every page has of its own: what was asked for, and how long ago something was.
PASSING = r"<input[^>]*>|<option.*?>|(?:href|data-time)=\"[^\"]*\""
EXPENSIVE: tuple[dict[str, str], ...] = (
    {"text": "+".join(["ab"] * 60)},
    {"text": " ".join(f"{letter * 24}b" for letter in "abcdefgh")},
    {"text": "a" * 199 + "b"},
    {"error": "a" * 199 + "b"},
    {"job_class": "a" * 200},
    {"since": "2020-01-01"},
    {"text": "a" * 3_000},
    {"text": " ".join(f"ab{n}" for n in range(1_300))},
    {},
)


def main() -> None:
    """Attack, and say what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=5_000)
    options = parser.parse_args()
    with site("attack"):
        client = viewer()
        good = [block(client)]
        for sharing in (1, 50, 300, 1_000):
            good += guess(client, sharing, options.requests // 4)
        sys.exit(0 if all(good) else 1)


def viewer() -> Any:
    """Return a test client of somebody who may only look."""
    from django.contrib.auth.models import Permission, User

    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_job"))
    return visitor(user)


def fill(secrets: list[str], padding: int = 0) -> Any:
    """Empty Redis, put in a dead job for each secret, and return the store."""
    from jobs.inspect import get_reader
    from jobs.payload import Payload

    store = get_reader().store
    patient = Redis.from_url(os.environ["JOBS_REDIS_URL"])
    patient.flushall()
    error = {"class": "shop.Declined", "message": "Card declined", "at": 1.0, "worker": "w"}

    def dead(n: int, secret: str) -> Placed:
        args = [{"password": secret, "note": "a" * padding}]
        payload = Payload(
            0, f"job{n}", "shop.Charge", "default", args, enqueued_at=1.0, errors=[error]
        )
        return "default", "dead", 1_764_000_000_000 + n, payload

    write(patient, store, (dead(n, secret) for n, secret in enumerate(secrets)))
    return store


def block(client: Any) -> bool:
    """Ask for expensive searches over large jobs, and judge the longest command."""
    good = True
    for padding, jobs in ((200, 100_000), (490_000, 200), (1_000_000, 100), (200_000_000, 1)):
        store = fill(["x"] * jobs, padding)
        store.client.config_set("slowlog-log-slower-than", 500)
        store.client.config_set("slowlog-max-len", 10_000)
        asked = [("dead/", query) for query in EXPENSIVE] + [("failures/", {}), ("job/job0/", {})]
        measured = [longest(client, store, route, query) for route, query in asked]
        busy = max(milliseconds for milliseconds, _ in measured)
        slowest = max(milliseconds for _, milliseconds in measured)
        is_good = busy <= COMMAND
        good = good and is_good
        print(
            f"{jobs:5,} jobs of {padding:11,} bytes: Redis busy for {busy:6.1f} ms, "
            f"slowest page {slowest:7,.0f} ms{'' if is_good else '  BROKEN'}",
            flush=True,
        )
    return good


def longest(client: Any, store: Any, route: str, query: dict[str, str]) -> tuple[float, float]:
    """Return the longest command of a page, and its own time, in ms."""
    best = page = float("inf")
    for _ in range(ATTEMPTS):
        store.client.slowlog_reset()
        page = min(page, once(client, route, **query)[1])
        durations = [entry["duration"] / 1000 for entry in store.client.slowlog_get(10_000)]
        best = min(best, max(durations, default=0.0))
        if best <= COMMAND:
            break
    return best, page


def guess(client: Any, sharing: int, requests: int) -> list[bool]:
    """Ask with right and wrong guesses by turns, and judge the answers."""
    fill([GUESSED if n < sharing else f"harmless-{n:04}" for n in range(JOBS)])
    return [try_field(client, sharing, field, requests // len(FIELDS)) for field in FIELDS]


def try_field(client: Any, sharing: int, field: str, requests: int) -> bool:
    """Guess through one field of the filter."""
    pages = defaultdict(set)
    times: dict[bool, list[float]] = {True: [], False: []}
    for n in range(requests):
        is_right = n % 2 == 0
        length = random.choice((4, 9, len(GUESSED)))
        last = GUESSED[length - 1] if is_right else random.choice("qxz")
        word = GUESSED[: length - 1] + last
        asked = FIELDS[field].format(word)
        page, milliseconds = once(client, "dead/", **{field: asked})
        if "and stopped there" not in page:  # where the clock stops it is chance
            rest = re.sub(PASSING, "", page)
            pages[is_right].add(rest.replace(escape(asked), ""))  # some pages quote it
        times[is_right].append(milliseconds)
    same = pages[True] == pages[False]
    sigmas = difference(times[True], times[False])
    is_good = same and abs(sigmas) < SURE
    print(
        f"{sharing:5,} jobs share it, {requests:,} guesses by {field:12}: "
        f"pages {'alike' if same else 'DIFFER'}, times {sigmas:+5.1f} sigma apart"
        f"{'' if is_good else '  BROKEN'}",
        flush=True,
    )
    return is_good


def once(client: Any, route: str, **query: str) -> tuple[str, float]:
    """Return a page and how many ms it took."""
    started = time.perf_counter()
    response = client.get(f"/admin/jobs/{route}", query)
    milliseconds = (time.perf_counter() - started) * 1000
    return response.content.decode(), milliseconds


def difference(first: list[float], second: list[float]) -> float:
    """Return how far apart two samples are, in standard deviations of their ranks.

    That is the test of Mann and Whitney, which a few late pages do not disturb.
    """
    ranked = sorted([(time, True) for time in first] + [(time, False) for time in second])
    ranks = sum(rank for rank, (_, is_first) in enumerate(ranked, 1) if is_first)
    m, n = len(first), len(second)
    mean, deviation = m * (m + n + 1) / 2, sqrt(m * n * (m + n + 1) / 12)
    return (ranks - mean) / deviation


if __name__ == "__main__":
    main()
