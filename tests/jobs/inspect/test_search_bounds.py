"""A look at jobs costs little, however large they are."""

import tracemalloc
from itertools import count
from types import SimpleNamespace

import pytest

from jobs.inspect import budget, failures, job_sets
from jobs.inspect.failures import failure_groups
from jobs.inspect.filter import MOST_CHARACTERS, MOST_WORDS, Filter
from jobs.inspect.find import find
from jobs.inspect.job_sets import job_set
from tests.jobs.inspect.filling import failure, put

NOW = 1_764_000_000.0


@pytest.fixture
def slow(monkeypatch):
    """Let a second pass whenever somebody looks at the clock."""
    monkeypatch.setattr(budget, "time", SimpleNamespace(monotonic=count().__next__))


@pytest.mark.parametrize("field", ["error", "text"])
def test_a_text_that_is_too_long_is_refused(field):
    with pytest.raises(ValueError, match=f"{field} has 201 characters, more than 200. Shorten it"):
        Filter(**{field: "x" * (MOST_CHARACTERS + 1)})


def test_too_many_different_words_are_refused():
    words = " ".join(f"w{n}" for n in range(MOST_WORDS))

    assert len(Filter(text=f"{words} {words.upper()}").words) == MOST_WORDS
    with pytest.raises(ValueError, match="text has 9 different words, more than 8"):
        Filter(text=f"{words} more")


@pytest.mark.parametrize("field", ["text", "error", "job_class", "error_class", "shape", "queue"])
def test_bytes_from_a_terminal_that_are_no_text_find_nothing(store, reader, field):
    put(store, "dead", args=["?"], errors=[failure("?", "?")])

    assert job_set("dead", Filter(**{field: "\udcff"}), reader=reader).jobs == ()


@pytest.mark.parametrize("name", ["retry", "dead"])
def test_a_search_stops_when_its_time_is_up_and_goes_on_from_there(
    store, reader, monkeypatch, slow, name
):
    monkeypatch.setattr(job_sets, "PATIENCE", 5.0)
    ids = {
        put(store, name, queue, at=NOW + n, args=["needle" if n % 5 == 0 else "hay"])
        for n, queue in enumerate(["default", "high"] * 15)
    }
    wanted = Filter(text="needle")

    pages = [job_set(name, wanted, reader=reader)]
    while pages[-1].next:
        pages.append(job_set(name, wanted, cursor=pages[-1].next, reader=reader))

    found = [job.id for page in pages for job in page.jobs]
    assert len(found) == len(set(found)) == 6
    assert sum(page.searched for page in pages) == len(ids)
    assert [page.is_bounded for page in pages] == [True] * (len(pages) - 1) + [False]
    assert max(page.searched for page in pages) <= 5

    back = [pages[-1]]
    while back[-1].previous:
        back.append(job_set(name, wanted, cursor=back[-1].previous, reader=reader))
    assert {job.id for page in back[1:] for job in page.jobs} >= set(found) - set(found[-1:])


def test_a_search_that_has_no_time_at_all_still_goes_on(store, reader, monkeypatch, slow):
    monkeypatch.setattr(job_sets, "PATIENCE", 0.0)
    ids = {put(store, "dead", queue, args=["needle"]) for queue in ("default", "high") * 2}
    wanted = Filter(text="needle")

    pages = [job_set("dead", wanted, reader=reader)]
    while pages[-1].next and len(pages) <= len(ids):
        pages.append(job_set("dead", wanted, cursor=pages[-1].next, reader=reader))

    assert {job.id for page in pages for job in page.jobs} == ids
    assert not pages[-1].next


def test_a_plain_page_has_no_time_limit(store, reader, monkeypatch, slow):
    monkeypatch.setattr(job_sets, "PATIENCE", 1.0)
    for n in range(20):
        put(store, "dead", at=NOW + n)

    page = job_set("dead", reader=reader)

    assert (len(page.jobs), page.is_bounded) == (20, False)


def test_a_page_of_large_jobs_is_shorter_and_leads_on(store, reader, monkeypatch):
    monkeypatch.setattr(job_sets, "MOST_PAGE_BYTES", 5_000)
    for n in range(10):
        put(store, "dead", at=NOW + n, args=["x" * 2_000])

    first = job_set("dead", reader=reader)
    second = job_set("dead", cursor=first.next, reader=reader)

    assert [job.at.timestamp() - NOW for job in first.jobs] == [9, 8, 7]
    assert [job.at.timestamp() - NOW for job in second.jobs] == [6, 5, 4]
    assert not first.is_bounded


@pytest.mark.parametrize("wanted", [Filter(), Filter(text="x"), Filter(job_class="tests.AnyJob")])
def test_a_payload_that_is_too_long_is_not_read(store, reader, settings, wanted):
    settings.JOBS = {"MAX_PAYLOAD_BYTES": 100}
    large = put(store, "dead", args=["x" * 3_000_000])
    small = put(store, "dead", at=NOW, args=["x"])

    page = job_set("dead", wanted, reader=reader)
    job = find(large, reader)

    assert [each.id for each in page.jobs] == [large, small] if wanted.is_empty else [small]
    assert (job.id, job.place, job.args) == (large, "dead", [])
    assert "bytes, too many to be shown" in job.fault
    assert "too many to be shown" in str(reader.problems)


def test_groups_of_failures_stop_when_their_time_is_up(store, reader, monkeypatch, slow):
    monkeypatch.setattr(failures, "PATIENCE", 5.0)
    for n in range(20):
        put(store, "dead", at=NOW + n, errors=[failure("E", "boom")])

    found = failure_groups(reader)

    assert (found.looked_at, found.total) == (3, 20)
    assert [(group.count, group.shape) for group in found.groups] == [(3, "boom")]


def test_groups_of_failures_stop_after_so_many_bytes(store, reader, monkeypatch):
    monkeypatch.setattr(failures, "MOST_BYTES", 5_000)
    for n in range(10):
        put(store, "dead", at=NOW + n, args=["x" * 2_000], errors=[failure("E", "boom")])

    found = failure_groups(reader)

    assert (found.looked_at, found.total) == (3, 10)


def test_groups_of_failures_hold_no_arguments(store, reader, monkeypatch):
    monkeypatch.setattr(failures, "PATIENCE", 60.0)
    for letter in "abcdefghijklmnop":
        put(store, "dead", args=[[{}] * 100_000], errors=[failure("E", letter)])

    tracemalloc.start()
    found = failure_groups(reader)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(found.groups) == 16  # each of these jobs takes seven megabytes when it is read
    assert peak < 40_000_000


@pytest.mark.parametrize("wanted", [Filter(), Filter(error="E")])
def test_a_page_over_many_queues_holds_few_jobs_that_were_read(store, reader, monkeypatch, wanted):
    monkeypatch.setattr(job_sets, "PATIENCE", 60.0)
    monkeypatch.setattr(job_sets, "MOST_PAGE_BYTES", 500_000)
    for n in range(16):
        put(store, "dead", f"queue{n}", args=[[{}] * 100_000], errors=[failure("E", "boom")])

    tracemalloc.start()
    page = job_set("dead", wanted, reader=reader)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(page.jobs) == 2
    assert peak < 60_000_000  # all 16 take more than 110 MB when they are read


def test_many_queues_are_merged_in_small_portions(store, reader):
    for n in range(60):
        put(store, "retry", f"queue{n % 20}", at=NOW + n, args=[n])

    page = job_set("retry", limit=30, reader=reader)

    assert [job.args for job in page.jobs] == [[n] for n in range(30)]
    rest = job_set("retry", cursor=page.next, limit=30, reader=reader)
    assert [job.args for job in rest.jobs] == [[n] for n in range(30, 60)]


def test_names_of_queues_that_are_asked_for_are_not_kept_for_ever(store):
    for n in range(10_000):
        store.keys(f"queue{n}")

    assert len(store._keys) <= 4_096
    assert store.keys("queue0").ready == "{jobs:queue0}:ready"
