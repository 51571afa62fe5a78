"""Which classes, queues and errors the first jobs of a set have."""

from datetime import UTC, datetime

import pytest

from jobs.inspect import Filter, facets
from jobs.store.reader import Reader
from jobs.store.sight import Sight
from tests.jobs.inspect.filling import failure, put

NOW = 1_764_000_000


@pytest.fixture
def dead(store):
    for n in range(3):
        put(store, "dead", "high", at=NOW + n, job_class="a.B", errors=[failure("E", "boom")])
    put(store, "dead", "low", at=NOW + 9, job_class="a.C", errors=[failure("F", "boom")])
    put(store, "dead", "low", at=NOW - 9)


def test_jobs_are_counted_by_class_queue_and_error(reader, dead):
    found = facets("dead", reader=reader)

    assert found.classes == (("a.B", 3), ("a.C", 1), ("tests.AnyJob", 1))
    assert found.queues == (("high", 3), ("low", 2))
    assert found.errors == (("E", 3), ("F", 1))
    assert (found.looked_at, found.total) == (5, 5)


def test_of_a_filter_the_queue_and_the_times_matter(reader, dead):
    since, until = (datetime.fromtimestamp(NOW + n, UTC) for n in (0, 1))

    assert facets("dead", Filter(queue="low"), reader).queues == (("low", 2),)
    assert facets("dead", Filter(since=since, until=until), reader).classes == (("a.B", 2),)
    assert facets("dead", Filter(job_class="a.C"), reader).total == 5


def test_the_times_matter_where_the_payload_tells_them(store, reader):
    put(store, "done", job_class="new", finished_at=NOW)
    put(store, "done", job_class="old", finished_at=NOW - 60)
    since = datetime.fromtimestamp(NOW, UTC)

    found = facets("done", Filter(since=since), reader)

    assert found.classes == (("new", 1),)
    assert (found.looked_at, found.total) == (2, 2)


@pytest.mark.parametrize(("name", "seen"), [("dead", "new"), ("scheduled", "old")])
def test_the_first_jobs_of_the_set_are_counted(store, reader, monkeypatch, name, seen):
    monkeypatch.setitem(facets.__globals__, "MOST_JOBS", 10)
    for n in range(30):
        put(store, name, at=NOW + n, job_class="new" if n >= 15 else "old")

    found = facets(name, reader=reader)

    assert found.classes == ((seen, 10),)
    assert (found.looked_at, found.total) == (10, 30)


def test_queues_that_are_not_seen_are_not_counted(store, dead):
    sight = Sight(lambda queue: queue == "low", sees_arguments=False)

    found = facets("dead", reader=Reader(store, sight))

    assert found.queues == (("low", 2),)
    assert found.classes == (("a.C", 1), ("tests.AnyJob", 1))


def test_the_look_costs_as_much_for_a_hundred_queues_as_for_fifty(store, monkeypatch):
    trips = []
    quietly = Reader.quietly

    def noting(self, call):
        trips.append(1)
        return quietly(self, call)

    monkeypatch.setattr(Reader, "quietly", noting)
    counts = []
    for first in (0, 50):
        for n in range(first, first + 50):
            put(store, "dead", f"queue{n}")
        trips.clear()
        facets("dead", reader=Reader(store))
        counts.append(len(trips))

    assert counts == [5, 5]
