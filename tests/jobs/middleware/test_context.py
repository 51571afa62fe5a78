"""Context: it travels with the job, and never reaches the next one."""

import contextvars

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone, translation

from jobs import ConfigurationError, InvalidArguments, Job
from jobs.testing import drain, enqueued_jobs, mode

TENANT: contextvars.ContextVar[object] = contextvars.ContextVar("TENANT", default=None)
SEEN: list[tuple[str | None, str, object]] = []


def look():
    SEEN.append((translation.get_language(), timezone.get_current_timezone_name(), TENANT.get()))


class LookJob(Job):
    def perform(self) -> None:
        look()
        translation.activate("fr")
        timezone.activate("Asia/Tokyo")
        TENANT.set("left behind")


class AsyncLookJob(Job):
    async def perform(self) -> None:
        look()
        TENANT.set("left behind")


@pytest.fixture(autouse=True)
def carried(settings):
    SEEN.clear()
    settings.JOBS = {**settings.JOBS, "CONTEXT": [f"{__name__}.TENANT"]}
    with mode("fake"):
        yield


def enqueue_in_german(job_class):
    def enqueue():
        TENANT.set("tenant 42")
        with translation.override("de"), timezone.override("Europe/Berlin"):
            job_class.enqueue()

    contextvars.copy_context().run(enqueue)


@pytest.mark.parametrize("job_class", [LookJob, AsyncLookJob])
def test_language_time_zone_and_variables_travel(job_class):
    enqueue_in_german(job_class)

    drain()

    assert SEEN == [("de", "Europe/Berlin", "tenant 42")]


@pytest.mark.parametrize("job_class", [LookJob, AsyncLookJob])
def test_nothing_reaches_the_next_job(job_class):
    enqueue_in_german(job_class)
    contextvars.copy_context().run(job_class.enqueue)

    drain()

    assert SEEN[1] == ("en", "UTC", None)


def test_defaults_take_no_room_in_the_payload():
    contextvars.copy_context().run(LookJob.enqueue)

    assert enqueued_jobs()[0].context == {}


def test_variable_that_is_not_json_is_refused():
    def enqueue():
        TENANT.set(object())
        LookJob.enqueue()

    with pytest.raises(InvalidArguments, match=r"context of .*TENANT"):
        contextvars.copy_context().run(enqueue)


@pytest.mark.parametrize("path", ["no.such.VARIABLE", f"{__name__}.SEEN"])
def test_wrong_path_is_a_clear_error(settings, path):
    settings.JOBS = {**settings.JOBS, "CONTEXT": [path]}

    with pytest.raises((ConfigurationError, ImproperlyConfigured), match="CONTEXT"):
        LookJob.enqueue()
