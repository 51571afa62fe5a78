"""What the `jobs` command says of unique jobs."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs import inspect
from tests.jobs.unique_jobs import PlaceJob, dead_job


def jobs(*arguments):
    """Run a sub-command, and return what it printed."""
    out = StringIO()
    call_command("jobs", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_retry_leaves_a_job_whose_place_is_taken_and_says_who_has_it(store):
    first, other = dead_job(store), dead_job(store, 2)
    second = PlaceJob.enqueue(1)

    with pytest.raises(CommandError) as failed:
        jobs("retry", first, other)

    assert str(failed.value) == (
        f"Job {first} stays dead: job {second.id} holds its unique key. Retry it after that."
    )
    assert inspect.find(first).place == "dead"
    assert inspect.find(other).place == "ready"


def test_explain_names_key_and_holder(store):
    job = PlaceJob.enqueue(1)

    assert "It is unique, and holds the key tests.jobs.unique_jobs.PlaceJob:" in jobs(
        "explain", job.id
    )


def test_doctor_repairs_a_key_of_no_job(store):
    PlaceJob.enqueue(1)
    store.client.hset(store.keys("default").unique, "shop.Job:ff", "gone")

    with pytest.raises(CommandError, match="1 "):
        jobs("doctor")

    assert "shop.Job:ff is kept for job gone" in jobs("doctor", "--repair")
    assert "every job is in exactly one place" in jobs("doctor")
