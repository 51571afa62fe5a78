"""What the pages of a set show of a search."""

from datetime import UTC, datetime

import pytest

from jobs.inspect import job_sets
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import failure, put


def get(client, route="", **data):
    return text(client.get(f"/admin/jobs/{route}", data))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 4),
        ({"queue": "high"}, 1),
        ({"job_class": "a.Wanted"}, 1),
        ({"error": "declined"}, 1),
        ({"text": "needle"}, 1),
        ({"since": "2026-11-01T00:00"}, 1),
        ({"until": "2026-10-01 00:00"}, 3),
        ({"queue": "nosuch"}, 0),
    ],
)
def test_a_filter_is_an_address(store, boss, query, count):
    old = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
    put(store, "dead", "high", at=datetime(2026, 11, 20, tzinfo=UTC).timestamp())
    put(store, "dead", at=old, job_class="a.Wanted")
    put(store, "dead", at=old, errors=[failure("Declined", "no")])
    put(store, "dead", at=old, args=["needle"])

    page = get(boss, "dead/", **query)

    assert page.count('name="job"') == count
    assert ("Show all" in page) == bool(query)


def test_a_filter_that_cannot_be_understood_shows_nothing_and_says_why(store, boss):
    put(store, "dead")

    page = get(boss, "dead/", since="yesterday")

    assert 'role="alert"' in page
    assert 'name="job"' not in page


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"text": " ".join(f"w{n}" for n in range(1_300))}, "at most 200 characters"),
        ({"text": "a b c d e f g h i"}, "At most 8 different words"),
        ({"error": "x" * 201}, "at most 200 characters"),
        ({"job_class": "x" * 201}, "at most 200 characters"),
        ({"queue": "x" * 201}, "at most 200 characters"),
        ({"shape": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_a_filter_that_is_too_large_shows_nothing_and_says_why(store, boss, query, message):
    put(store, "dead", args=["w1"], errors=[failure("E", "x")])

    page = get(boss, "dead/", **query)

    assert message in page
    assert 'name="job"' not in page


def test_pages_lead_on_and_back_and_keep_the_filter(store, boss):
    for n in range(120):
        put(store, "dead", at=1_764_000_000 + n, job_class="a.B")

    first = boss.get("/admin/jobs/dead/?job_class=a.B").context["page"]
    second = boss.get(f"/admin/jobs/dead/{first.next_url}").context["page"]
    back = boss.get(f"/admin/jobs/dead/{second.previous_url}").context["page"]

    assert "job_class=a.B" in first.next_url
    assert [len(page.rows) for page in (first, second, back)] == [50, 50, 50]
    assert [row.job.id for row in back.rows] == [row.job.id for row in first.rows]
    assert len(boss.get("/admin/jobs/dead/?page=nonsense").context["page"].rows) == 50


def test_a_search_that_stopped_says_so(store, boss, monkeypatch):
    monkeypatch.setattr(job_sets, "SEARCH_LIMIT", 10)
    monkeypatch.setattr(job_sets, "PORTION", 10)
    for _ in range(30):
        put(store, "dead")

    page = get(boss, "dead/", text="needle")

    assert "Searched the newest 10 of 30 jobs and stopped there." in page
    assert "Search on" in page
