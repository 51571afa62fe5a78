"""Expiry: a job that comes too late does not run."""

import time
from datetime import timedelta

import pytest

from jobs import Discard, InvalidJob, Job
from jobs.errors import Expired
from jobs.payload import Payload
from jobs.registry import registry
from jobs.run import run_payload


class ReminderJob(Job):
    expires_in = timedelta(minutes=5)

    def perform(self) -> str:
        return "sent"


class AsyncReminderJob(Job):
    expires_in = timedelta(minutes=5)

    async def perform(self) -> str:
        return "sent"


def payload(job_class, **changes):
    return Payload(0, "i" * 32, registry.name_of(job_class), "default", **changes)


@pytest.mark.parametrize("job_class", [ReminderJob, AsyncReminderJob])
def test_job_in_time_runs(job_class):
    assert run_payload(payload(job_class, enqueued_at=time.time() - 290)) == "sent"


@pytest.mark.parametrize("job_class", [ReminderJob, AsyncReminderJob])
def test_late_job_is_discarded(job_class):
    with pytest.raises(Expired) as caught:
        run_payload(payload(job_class, enqueued_at=time.time() - 310))

    assert isinstance(caught.value, Discard)


def test_time_counts_from_when_the_job_may_first_run():
    early = payload(ReminderJob, enqueued_at=time.time() - 3600, run_after=time.time() - 10)

    assert run_payload(early) == "sent"


def test_using_changes_the_time_for_one_job():
    short = payload(
        ReminderJob, enqueued_at=time.time() - 10, options={"expires_in": {"timedelta_seconds": 5}}
    )

    with pytest.raises(Expired):
        run_payload(short)


def test_wrong_value_fails_where_it_is_written():
    with pytest.raises(InvalidJob, match="'expires_in' must be a positive timedelta"):
        type("BadJob", (Job,), {"expires_in": 5, "perform": lambda self: None})


def test_option_is_unknown_without_its_middleware(settings):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": []}

    with pytest.raises(InvalidJob, match=r"one of jobs.middleware.expiry.ExpiryMiddleware. List"):
        type("BadJob", (Job,), {"expires_in": timedelta(1), "perform": lambda self: None})
