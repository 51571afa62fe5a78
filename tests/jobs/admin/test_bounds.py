"""What the control room tells of a queue with a limit."""

import json

import pytest

from jobs import Job, control, inspect
from tests.jobs.admin.conftest import messages, text
from tests.jobs.admin.test_export import samples
from tests.jobs.inspect.filling import beat, put
from tests.jobs.store.sample_queue import SampleQueue


class BoundedJob(Job):
    queue = "imports"

    def perform(self, row: int) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def three(store, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"imports": 3}}
    BoundedJob.using(commit="immediate").enqueue_many([(1,), (2,)])
    put(store, "dead", "imports")
    put(store, "ready", "elsewhere")


@pytest.mark.parametrize("page", ["queues/", "queues/imports/"])
def test_pages_tell_how_many_a_queue_holds_and_may_hold(boss, page):
    control.limit("imports", 2)

    shown = text(boss.get(f"/admin/jobs/{page}"))

    assert "holds 2 of at most 3" in shown
    assert "runs at most 2 at a time" in shown
    assert shown.count("of at most") == 1


@pytest.mark.parametrize("page", ["queues/", "queues/imports/"])
def test_pages_call_a_full_queue_full_and_not_open(store, boss, page):
    beat(store, queues="imports")
    url = f"/admin/jobs/{page}"
    assert "! full" not in text(boss.get(url))

    BoundedJob.using(commit="immediate").enqueue(3)

    assert "! full" in text(boss.get(url))
    assert "▶" not in text(boss.get(url))


def test_state_has_a_row_of_its_own_on_the_page_of_a_queue(boss):
    page = text(boss.get("/admin/jobs/queues/imports/"))

    assert '<div class="jobs-whole"><dt>State</dt>' in page


def test_queue_without_a_limit_tells_none(boss):
    assert "of at most" not in text(boss.get("/admin/jobs/queues/elsewhere/"))


def test_programs_read_both_numbers(boss):
    found = samples(boss.get("/admin/jobs/metrics.txt"))
    told = json.loads(text(boss.get("/admin/jobs/stats.json")))["queues"]

    assert found['jobs_size{queue="imports"}'] == 2
    assert found['jobs_size_limit{queue="imports"}'] == 3
    assert 'jobs_size{queue="elsewhere"}' not in found
    assert (told["imports"]["size"], told["imports"]["size_limit"]) == (2, 3)
    assert (told["elsewhere"]["size"], told["elsewhere"]["size_limit"]) == (1, None)


def test_copy_of_a_job_in_a_full_queue_is_refused_on_the_page(boss, store):
    BoundedJob.using(commit="immediate").enqueue(3)
    job_id = SampleQueue(store, "imports").ids("ready")[0]

    data = {"args": "[7]", "kwargs": "{}"}
    response = boss.post(f"/admin/jobs/job/{job_id}/run-again/", data, follow=True)

    assert response.status_code == 200
    assert "holds 3 jobs that have not ended and may hold 3" in text(response)
    assert messages(response) == ""


def test_dead_jobs_come_back_into_a_full_queue(boss, store):
    BoundedJob.using(commit="immediate").enqueue(3)

    assert control.retry_all("dead", inspect.Filter(queue="imports")).changed == 1

    assert store.intake.size("imports") == 4
