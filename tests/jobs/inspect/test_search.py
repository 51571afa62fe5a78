"""A search over everything: what runs, and every set."""

import time

import pytest

from jobs.inspect import Filter, job_sets, search
from tests.jobs.inspect.filling import beat, failure, fetch, put

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


def test_all_places_together_have_the_time_of_one_page(everywhere, reader, monkeypatch):
    given = []
    budget = job_sets.Budget

    def noting(seconds, most=0):
        given.append(seconds)
        return budget(seconds, most)

    monkeypatch.setattr(job_sets, "Budget", noting)

    search(Filter(text="17"), reader=reader)

    assert len(given) == len(SETS)
    assert sum(given) == pytest.approx(job_sets.PATIENCE)


def test_place_that_was_not_searched_to_its_end_is_told(everywhere, reader, monkeypatch):
    monkeypatch.setattr(job_sets, "SEARCH_LIMIT", 1)

    hits = {each.place: each for each in search(Filter(text="nothing"), reader=reader)}

    assert set(hits) == set(SETS)
    assert all(each.has_more and not each.jobs for each in hits.values())
