"""Whoever looks at all sets looks at each set that there is."""

from dataclasses import fields
from typing import get_args

from jobs.admin.pages.job import PLACES as SHOWN
from jobs.admin.pages.job_set import TITLES
from jobs.inspect import Queue
from jobs.inspect.spread import Spread
from jobs.inspect.stats import COUNTS
from jobs.store.keys import KINDS
from jobs.store.reader import PLACES, QueueCounts, Reader, SetName, WaitingSet
from tests.jobs.inspect.filling import fetch, put

SETS = get_args(SetName)


def test_every_set_is_counted_and_has_a_title():
    counted = {*SETS, "running"}

    assert counted == set(COUNTS) == {*SHOWN} - {""}
    assert counted <= {field.name for field in fields(QueueCounts)}
    assert counted <= {field.name for field in fields(Queue)}
    assert set(TITLES) == set(SETS)
    assert set(PLACES) <= set(KINDS)


def test_look_at_what_may_run_meets_each_set_but_that_of_results(store):
    put(store, "ready")
    fetch(store)
    for name in SETS:
        put(store, name)
    reader = Reader(store)

    seen = [place for place, _, _ in Spread(reader, reader.counts(["default"]), every=True).jobs()]

    assert sorted(seen) == sorted([*get_args(WaitingSet), "running", "dead"])
