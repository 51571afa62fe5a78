"""Judges the ticks of `pulse_job` by what its runs noted."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from benchmarks.chaos.runs import Run
from jobs.payload import decode
from jobs.store import Store
from tests.jobs.worker.made_jobs import client_of

PULSE = "faults.PulseJob"


def ticks_in(runs: Mapping[str, list[Run]]) -> dict[tuple[int, int], list[Run]]:
    """Return the runs of each tick.

    Their keys are the tick and how many before it were missed.
    """
    found = {}
    for key, mine in runs.items():
        word, _, rest = key.partition("-")
        if word == "pulse":
            at, _, missed = rest.partition("-")
            found[int(at), int(missed)] = mine
    return found


def pulse_problems(store: Store, queue: str, runs: Mapping[str, list[Run]]) -> Iterator[str]:
    """Say which ticks did not run, and which nobody fired or counted."""
    client, keys = client_of(store), store.keys(queue)
    ticks = ticks_in(runs)
    for tick, mine in ticks.items():
        waits = any(run.how == "JobInterrupted" for run in mine)
        if not waits and not any(run.how == "ended" for run in mine):
            yield f"tick {tick} did not end"
    waiting = [decode(raw) for raw in client.hvals(keys.payloads)]
    told = [each.context["schedule"] for each in waiting if each.job_class == PULSE]
    made = {(round(each["at"]), each.get("missed", 0)) for each in told} | ticks.keys()
    fired = int(client.hget(keys.schedules, f"fired:{PULSE}") or 0)
    if fired != len(made):
        yield f"{fired} ticks were fired, {len(made)} were made"
    for (before, _), (after, missed) in pairwise(sorted(made)):
        if after - before != missed + 1:
            yield f"from tick {before} to {after} {missed} were counted"
