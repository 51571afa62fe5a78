"""Pages stay small, however many queues there are."""

import pytest

from jobs.admin.pages import job_set, queues
from tests.jobs.admin.conftest import text
from tests.jobs.store.sample_queue import SampleQueue


@pytest.fixture
def many(store, settings, monkeypatch):
    """Use ten queues beside the usual one, with five on a page."""
    settings.JOBS = {"QUEUES": ["default"]}
    monkeypatch.setattr(queues, "PAGE_SIZE", 5)
    monkeypatch.setattr(job_set, "MOST_SUGGESTED", 5)
    names = [f"queue{n}" for n in range(10)]
    store.intake.announce_queues(names)
    for name in names:
        SampleQueue(store, name).push(f"job-{name}")


def names(response):
    return [row.queue.name for row in response.context["page"].rows]


def test_queues_come_in_pages_that_lead_on_and_back(many, boss):
    first = boss.get("/admin/jobs/queues/")
    second = boss.get("/admin/jobs/queues/?page=2")
    last = boss.get("/admin/jobs/queues/?page=3")

    assert names(first) == ["default", "queue0", "queue1", "queue2", "queue3"]
    assert names(second) == ["queue4", "queue5", "queue6", "queue7", "queue8"]
    assert names(last) == ["queue9"]
    assert "5 of 11 queues" in text(first)
    assert 'href="?page=2"' in text(first)
    assert 'rel="prev"' not in text(first)
    assert 'href="?page=1"' in text(second)
    assert 'href="?page=3"' in text(second)
    assert 'rel="next"' not in text(last)
    assert "No job has been enqueued yet" not in text(first)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("0", "default"), ("x", "default"), ("9" * 5_000, "default"), ("99", "queue9")],
)
def test_a_page_of_queues_that_is_none_leads_to_the_nearest(many, boss, asked, shown):
    assert names(boss.get("/admin/jobs/queues/", {"page": asked}))[0] == shown


def test_queues_that_nothing_uses_come_in_pages_too(many, boss, store):
    store.intake.announce_queues(["old"])

    assert "5 of 11 queues" in text(boss.get("/admin/jobs/queues/"))
    everything = boss.get("/admin/jobs/queues/?all")
    assert "5 of 12 queues" in text(everything)
    assert 'href="?all&amp;page=2"' in text(everything)
    assert names(boss.get("/admin/jobs/queues/?all&page=3")) == ["queue8", "queue9"]


def test_a_few_queues_need_no_pages(store, boss):
    assert 'class="jobs-pager"' not in text(boss.get("/admin/jobs/queues/"))


def test_the_filter_suggests_some_queues_only(many, boss):
    assert text(boss.get("/admin/jobs/dead/")).count('<option value="queue:queue') == 4
