"""The page of unique jobs, and what is told of taken places."""

import pytest

from jobs import inspect
from tests.jobs.admin.conftest import messages, text
from tests.jobs.admin.test_access import ALL
from tests.jobs.unique_jobs import OTHER, PLACE, OtherJob, PlaceJob, dead_job

URL = "/admin/jobs/unique/"


@pytest.fixture(autouse=True)
def at_once(settings):
    """Enqueue without waiting for the transaction around the test."""
    settings.JOBS = {**settings.JOBS, "ENQUEUE": "immediate"}


def place(job_id):
    return inspect.find(job_id).place


def test_page_shows_who_holds_what(store, boss):
    job = PlaceJob.enqueue(1, "needle", password="hunter2")

    page = text(boss.get(URL))

    assert f'<a href="/admin/jobs/job/{job.id}/">{PLACE}</a>' in page
    assert "needle" in page
    assert inspect.unique_places().places[0].digest in page
    assert "hunter2" not in page
    assert "1 place of a unique job is taken." in page


def test_page_without_any_says_so(store, boss):
    assert "No unique job waits or runs." in text(boss.get(URL))


def test_page_can_be_searched_by_class(store, boss):
    PlaceJob.enqueue(1), OtherJob.enqueue(2)

    page = text(boss.get(URL, {"job_class": OTHER}))

    assert OTHER in page
    assert f">{PLACE}<" not in page
    assert "No place of such a job is taken." in text(boss.get(URL, {"job_class": "x" * 30}))


def test_search_that_is_too_long_shows_its_error(store, boss):
    response = boss.get(URL, {"job_class": "x" * 5000})

    assert response.status_code == 200
    assert response.context["page"].form.errors["job_class"]


def test_who_may_not_see_arguments_sees_neither_them_nor_keys(store, log_in):
    PlaceJob.enqueue(1, "needle")

    page = text(log_in("view_jobs").get(URL))

    assert PLACE in page
    assert "needle" not in page
    assert inspect.unique_places().places[0].digest not in page


def hides_default(user, queue):
    return queue != "default"


def test_places_of_hidden_queues_are_hidden(store, log_in, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": f"{__name__}.hides_default"}
    job = PlaceJob.enqueue(1)

    page = text(log_in(*ALL.split()).get(URL))

    assert job.id not in page
    assert "No unique job waits or runs." in page


def test_page_of_a_job_leads_to_the_places_of_its_class(store, boss):
    job = PlaceJob.enqueue(1)

    page = text(boss.get(f"/admin/jobs/job/{job.id}/"))

    assert f"/admin/jobs/unique/?job_class={PLACE}&amp;queue=default" in page
    assert "Who holds the unique keys of this class" in page


def test_dead_job_whose_place_is_taken_is_not_retried_and_that_is_told(store, boss):
    first = dead_job(store)
    PlaceJob.enqueue(1)

    response = boss.post(f"/admin/jobs/job/{first}/retry/", follow=True)

    assert place(first) == "dead"
    assert messages(response) == ("1 dead job stays where it is: another job holds its unique key.")


@pytest.mark.parametrize("is_all", [False, True])
def test_retry_of_several_says_how_many_stay(store, boss, is_all):
    dead = [dead_job(store, row) for row in range(3)]
    PlaceJob.enqueue(0), PlaceJob.enqueue(1)
    data: dict[str, object] = {"verb": "retry"}
    data |= {"scope": "all", "confirmed": "1"} if is_all else {"job": dead}

    response = boss.post("/admin/jobs/dead/act/", data, follow=True)

    assert [place(job_id) for job_id in dead] == ["dead", "dead", "ready"]
    assert messages(response) == (
        "1 job is ready to run. 2 dead jobs stay where they are: other jobs hold their unique keys."
    )


def test_copy_of_a_job_that_waits_is_not_enqueued_and_that_is_told(store, boss):
    job = PlaceJob.enqueue(1)

    response = boss.post(
        f"/admin/jobs/job/{job.id}/run-again/", {"args": "[1]", "kwargs": "{}"}, follow=True
    )

    assert messages(response) == f"Nothing was enqueued: job {job.id} holds the unique key."
    assert inspect.unique_places().total == 1
