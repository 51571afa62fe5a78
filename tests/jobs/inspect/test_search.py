"""A search over everything: what runs, and every set."""

import sys
import time

import pytest

from jobs.inspect import Filter, job_sets, search
from tests.jobs.inspect.filling import beat, failure, fetch, put

#: The module, whose name the function has in the package.
searched = sys.modules[search.__module__]
SETS = ("retry", "dead", "scheduled", "ready", "done")


def found(reader, jobs, **options):
    return {
        hits.place: [job.id for job in hits.jobs] for hits in search(jobs, reader=reader, **options)
    }


@pytest.fixture
def everywhere(store):
    """Put a job for order 17 and one for order 18 into each place."""
    ids = {}
    for order in (17, 18):
        put(store, "ready", args=[order])
        [running] = fetch(store)
        ids["running", order] = running
    told = "\n".join(
        f"{job_id} default {time.time() - 5:.3f} class=tests.AnyJob" for job_id in ids.values()
    )
    beat(store, busy=2, running=told)
    for name in SETS:
        for order in (17, 18):
            errors = [failure("E", f"order {order} failed", 1.7e9)]
            ids[name, order] = put(
                store,
                name,
                at=4e9,
                args=[order],
                errors=errors if name in {"retry", "dead"} else [],
            )
    return ids


def test_job_is_found_wherever_it_is(everywhere, reader):
    assert found(reader, Filter(text="17")) == {
        place: [everywhere[place, 17]] for place in ("running", *SETS)
    }


def test_places_where_nothing_matches_are_left_out(everywhere, reader):
    assert list(found(reader, Filter(error="order 18"))) == ["retry", "dead"]
    assert found(reader, Filter(text="19")) == {}


def test_queue_counts_in_every_place(everywhere, store, reader):
    other = put(store, "dead", "imports", args=[17])

    assert found(reader, Filter(text="17", queue="imports")) == {"dead": [other]}


def test_only_the_first_of_each_place_are_returned_and_said_so(everywhere, reader):
    [running, *sets] = search(Filter(job_class="tests.AnyJob"), limit=1, reader=reader)

    assert (running.place, len(running.jobs), running.has_more) == ("running", 1, True)
    assert [(hits.place, len(hits.jobs), hits.has_more) for hits in sets] == [
        (name, 1, True) for name in SETS
    ]


class Clock:
    """A clock that goes on when it is told to."""

    now = 0.0

    def monotonic(self):
        return self.now


def test_all_places_together_have_the_time_of_one_page(everywhere, reader, monkeypatch):
    clock, given = Clock(), []
    look = job_sets.job_set

    def slow(name, jobs, *, effort, **options):
        given.append(effort.seconds)
        clock.now += 0.7
        return look(name, jobs, effort=effort, **options)

    monkeypatch.setattr(searched, "time", clock)
    monkeypatch.setattr(searched, "job_set", slow)

    hits = search(Filter(text="nothing"), reader=reader)

    assert given == pytest.approx([0.4, 1.3 / 4, 0.6 / 3, 0, 0])
    assert [each.place for each in hits if each.has_more] == ["ready", "done"]


def test_what_a_quick_place_leaves_is_for_the_others(everywhere, reader, monkeypatch):
    given = []
    look = job_sets.job_set

    def noting(name, jobs, *, effort, **options):
        given.append(effort.seconds)
        return look(name, jobs, effort=effort, **options)

    monkeypatch.setattr(searched, "time", Clock())
    monkeypatch.setattr(searched, "job_set", noting)

    search(Filter(text="17"), reader=reader)

    assert given == pytest.approx([2 / 5, 2 / 4, 2 / 3, 2 / 2, 2])


def test_all_places_together_have_the_bytes_of_one_page(store, reader):
    for _ in range(3):
        for name in SETS:
            put(store, name, args=["x" * 300_000])

    hits = search(Filter(job_class="tests.AnyJob"), reader=reader)

    assert [(each.place, len(each.jobs), each.has_more) for each in hits] == [
        (name, 2, True) for name in SETS
    ]


def put_long_run(store):
    put(store, "ready", args=["needle" + "x" * 20_000], job_class="some.LongJob")
    [job_id] = fetch(store)
    beat(store, busy=1, running=f"{job_id} default {time.time() - 5:.3f} class=some.LongJob")
    return job_id


def test_running_job_that_is_too_long_to_be_read_is_found_by_its_class(store, reader):
    job_id = put_long_run(store)

    [hits] = search(Filter(job_class="some.LongJob"), reader=reader)

    assert [(job.id, job.job_class) for job in hits.jobs] == [(job_id, "some.LongJob")]
    assert not hits.has_more
    assert search(Filter(job_class="some.OtherJob"), reader=reader) == ()


def test_running_job_that_is_too_long_to_be_read_may_have_the_words(store, reader):
    put_long_run(store)

    [hits] = search(Filter(text="needle"), reader=reader)

    assert (hits.jobs, hits.searched, hits.total, hits.has_more) == ((), 0, 1, True)


def test_place_that_was_not_searched_to_its_end_is_told(everywhere, reader, monkeypatch):
    monkeypatch.setattr(job_sets, "SEARCH_LIMIT", 1)

    hits = {each.place: each for each in search(Filter(text="nothing"), reader=reader)}

    assert set(hits) == set(SETS)
    assert all(each.has_more and not each.jobs for each in hits.values())
