"""Pages of the sets.

In order over all queues, forwards and backwards, and honest about where a search stopped.
"""

import time
from datetime import UTC, datetime

import pytest

from jobs.inspect import job_sets
from jobs.inspect.filter import Filter
from jobs.inspect.job_sets import job_set
from tests.jobs.inspect.filling import put

NOW = 1_764_000_000.0


def times(page):
    return [job.at.timestamp() - NOW for job in page.jobs]


def at(seconds):
    return datetime.fromtimestamp(NOW + seconds, UTC)


def fill(store, name="retry", count=10, **fields):
    """Put jobs at the seconds 0, 1, 2, …, by turns in two queues."""
    for second in range(count):
        put(store, name, ("default", "high")[second % 2], at=NOW + second, **fields)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("retry", [0, 1, 2, 3]), ("scheduled", [0, 1, 2, 3]), ("dead", [9, 8, 7, 6])],
)
def test_jobs_of_all_queues_come_in_one_order(store, reader, name, expected):
    fill(store, name)

    page = job_set(name, limit=4, reader=reader)

    assert times(page) == expected
    assert page.total == 10
    assert (page.searched, page.is_bounded, page.previous) == (0, False, "")
    assert {job.place for job in page.jobs} == {name}


@pytest.mark.parametrize("name", ["retry", "dead"])
@pytest.mark.parametrize(
    "jobs", [Filter(), Filter(job_class="tests.AnyJob")], ids=["plain", "search"]
)
def test_pages_lead_to_the_end_and_back_again(store, reader, name, jobs):
    fill(store, name)
    whole = times(job_set(name, jobs, limit=50, reader=reader))

    forwards = [job_set(name, jobs, limit=4, reader=reader)]
    while forwards[-1].next:
        forwards.append(job_set(name, jobs, cursor=forwards[-1].next, limit=4, reader=reader))
    backwards = [forwards[-1]]
    while backwards[-1].previous:
        backwards.append(job_set(name, jobs, cursor=backwards[-1].previous, limit=4, reader=reader))

    assert [times(page) for page in forwards] == [whole[:4], whole[4:8], whole[8:]]
    assert [times(page) for page in backwards] == [whole[8:], whole[4:8], whole[:4]]
    assert job_set(name, jobs, cursor=backwards[-1].next, limit=4, reader=reader) == forwards[1]


def test_ready_jobs_come_in_the_order_in_which_they_are_taken(store, reader):
    late = put(store, "ready", at=NOW + 5)
    urgent = put(store, "ready", at=NOW + 9, priority=10)
    early = put(store, "ready", at=NOW + 1)

    page = job_set("ready", Filter(queue="default"), reader=reader)

    assert [job.id for job in page.jobs] == [urgent, early, late]
    assert times(page) == [9, 1, 5]


def test_a_filter_by_queue_and_time_searches_nothing(store, reader):
    fill(store, "dead")

    page = job_set("dead", Filter(since=at(2), until=at(7)), limit=4, reader=reader)
    rest = job_set(
        "dead", Filter(since=at(2), until=at(7)), cursor=page.next, limit=4, reader=reader
    )

    assert (times(page), times(rest)) == ([7, 6, 5, 4], [3, 2])
    assert (page.total, page.searched, rest.next) == (6, 0, "")
    assert times(job_set("dead", Filter(queue="high", since=at(2)), reader=reader)) == [9, 7, 5, 3]


def test_a_search_stops_at_its_limit_says_so_and_goes_on_from_there(store, reader, monkeypatch):
    monkeypatch.setattr(job_sets, "PORTION", 2)
    monkeypatch.setattr(job_sets, "SEARCH_LIMIT", 6)
    jobs = Filter(queue="high", text="needle")
    fill(store, "retry", 20)
    wanted = put(store, "retry", "high", at=NOW + 99, args=["needle"])

    first = job_set("retry", jobs, reader=reader)
    second = job_set("retry", jobs, cursor=first.next, reader=reader)

    assert (first.jobs, first.searched, first.is_bounded) == ((), 6, True)
    assert [job.id for job in second.jobs] == [wanted]
    assert (second.searched, second.is_bounded, second.next) == (5, False, "")


def test_a_full_page_of_matches_ends_the_search_early(store, reader, monkeypatch):
    monkeypatch.setattr(job_sets, "PORTION", 10)
    for second in range(100):
        put(store, "retry", at=NOW + second, args=["odd" if second % 2 else "even"])

    page = job_set("retry", Filter(text="odd"), limit=5, reader=reader)

    assert times(page) == [1, 3, 5, 7, 9]
    assert page.searched <= 20
    assert times(
        job_set("retry", Filter(text="odd"), cursor=page.next, limit=2, reader=reader)
    ) == [11, 13]


def test_large_payloads_make_a_page_of_several_round_trips(store, reader):
    for second in range(4):
        put(store, "dead", at=NOW + second, args=["x" * 400_000])

    assert times(job_set("dead", reader=reader)) == [3, 2, 1, 0]


def test_an_empty_set_is_an_empty_page(reader):
    page = job_set("done", reader=reader)

    assert (page.jobs, page.total, page.next, page.previous) == ((), 0, "", "")


def test_a_page_behind_the_end_leads_back(store, reader):
    fill(store, "retry", 3)

    page = job_set("retry", cursor="after:default:50:high:50", reader=reader)

    assert page.jobs == ()
    assert times(job_set("retry", cursor=page.previous, reader=reader)) == [0, 1, 2]


@pytest.mark.parametrize(
    "cursor", ["x", "after:high", "after:high:-1", "after:high:many", "sideways:high:1"]
)
def test_a_cursor_that_is_none_is_refused(reader, cursor):
    with pytest.raises(ValueError, match="is no place in a list of jobs"):
        job_set("dead", cursor=cursor, reader=reader)


def test_a_job_that_cannot_be_read_is_shown(store, reader):
    broken = put(store, "dead", at=time.time())
    store.client.hset(store.keys("default").payloads, broken, b"no json")

    [job] = job_set("dead", reader=reader).jobs

    assert job.id == broken
    assert "not JSON" in job.error_message
