"""Jobs that are encrypted or not trusted, as the control room shows them."""

import pytest

from jobs import Job, inspect
from tests.jobs.admin.conftest import messages, text
from tests.jobs.worker.made_jobs import client_of


class SecretJob(Job):
    encrypted = True

    def perform(self, number: int, word: str = "") -> None:
        """Do nothing."""


class SignedJob(Job):
    def perform(self, number: int) -> None:
        """Do nothing."""


@pytest.fixture
def dead(store, transactional_db, settings):
    """Return what puts a dead job there, as somebody changed its bytes."""

    def make(job_class: type[Job], old: bytes = b"", new: bytes = b"") -> str:
        settings.JOBS = {**settings.JOBS, "SIGN": "sign"}
        job_id = job_class.enqueue(1234).id
        key = store.keys("default").payloads
        raw = client_of(store).hget(key, job_id)
        client_of(store).hset(key, job_id, raw.replace(old, new) if old else raw)
        store.sets.move("default", "ready", "dead", [job_id])
        return job_id

    return make


def test_page_says_that_arguments_are_encrypted_and_offers_no_copy(boss, dead):
    job_id = dead(SecretJob)

    response = boss.get(f"/admin/jobs/job/{job_id}/")

    assert "The arguments are encrypted" in text(response)
    assert response.context["page"].run_again_form is None
    assert response.context["page"].arguments == ()
    assert "1234" not in text(response)


def test_lists_say_encrypted_in_place_of_arguments(boss, dead):
    dead(SecretJob)

    page = text(boss.get("/admin/jobs/dead/"))

    assert '<span class="jobs-quiet">encrypted</span>' in page
    assert "1234" not in page


def test_search_does_not_find_encrypted_arguments(boss, dead):
    job_id = dead(SecretJob)

    assert job_id in text(boss.get("/admin/jobs/dead/"))
    assert job_id not in text(boss.get("/admin/jobs/dead/?text=1234"))
    assert job_id not in text(boss.get("/admin/jobs/dead/?text=encrypted"))


def test_nobody_enqueues_a_copy_of_an_encrypted_job_by_the_address_alone(boss, dead):
    job_id = dead(SecretJob)
    data = {"args": "[1]", "kwargs": "{}"}

    response = boss.post(f"/admin/jobs/job/{job_id}/run-again/", data, follow=True)

    assert "nobody can read them here" in messages(response)
    assert inspect.job_set("ready", inspect.Filter()).total == 0


def test_page_says_why_nobody_trusts_a_job_and_offers_no_copy(boss, dead):
    job_id = dead(SignedJob, b"[1234]", b"[6666]")

    response = boss.get(f"/admin/jobs/job/{job_id}/")

    assert "its signature is wrong" in text(response)
    assert "UntrustedPayload" in text(response)
    assert response.context["page"].run_again_form is None


def test_nobody_enqueues_a_copy_of_a_job_that_is_not_trusted(boss, dead):
    job_id = dead(SignedJob, b"[1234]", b"[6666]")
    data = {"args": "[1]", "kwargs": "{}"}

    response = boss.post(f"/admin/jobs/job/{job_id}/run-again/", data, follow=True)

    assert "its signature is wrong" in text(response)
    assert inspect.job_set("ready", inspect.Filter()).total == 0


def test_list_of_the_dead_says_it_too(boss, dead):
    dead(SignedJob, b"[1234]", b"[6666]")

    page = text(boss.get("/admin/jobs/dead/"))

    assert "UntrustedPayload" in page
    assert "its signature is wrong" in page
