"""Transient errors: what heals is wrapped, what does not is not."""

import urllib.error

import pytest
import requests

from jobs import Job, LockNotAcquired, StoreUnavailable, TransientError
from jobs.middleware.transient import is_transient
from jobs.payload import Payload
from jobs.registry import registry
from jobs.run import job_of, run_job


class RateLimited(Exception):
    pass


class WorseRateLimited(RateLimited):
    pass


class FlakyJob(Job):
    transient_errors = (RateLimited,)
    raises: Exception | None

    def perform(self) -> None:
        raise ERRORS[-1]


class AsyncFlakyJob(Job):
    transient_errors = (RateLimited,)

    async def perform(self) -> None:
        raise ERRORS[-1]


ERRORS: list[Exception] = [ValueError("x")]


def http_error(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(f"status {status}", response=response)


class WithStatus(Exception):
    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("no"),
        TimeoutError("late"),
        requests.ConnectionError("no"),
        requests.ReadTimeout("late"),
        http_error(429),
        http_error(500),
        http_error(504),
        WithStatus(503),
        urllib.error.HTTPError("http://x", 502, "bad", None, None),
        StoreUnavailable("redis://x", "away"),
        LockNotAcquired("report", 1),
    ],
    ids=repr,
)
def test_what_heals_is_transient(error):
    assert is_transient(error)


@pytest.mark.parametrize(
    "error", [ValueError("x"), http_error(400), http_error(404), WithStatus(422)], ids=repr
)
def test_what_does_not_heal_is_not(error):
    assert not is_transient(error)


@pytest.mark.parametrize("job_class", [FlakyJob, AsyncFlakyJob])
@pytest.mark.parametrize(
    "error", [RateLimited("slow down"), WorseRateLimited("slow down"), ConnectionError("slow down")]
)
def test_transient_error_is_wrapped_with_its_message_and_cause(job_class, error):
    ERRORS[-1] = error

    with pytest.raises(TransientError, match="slow down") as caught:
        run_on_worker(job_class)

    assert caught.value.__cause__ is error
    assert caught.value.original is error


def run_on_worker(job_class):
    """Run a job as the middleware of a worker does."""
    payload = Payload(0, "1", registry.name_of(job_class), "default")
    run_job(job_of(payload), payload)


@pytest.mark.parametrize("job_class", [FlakyJob, AsyncFlakyJob])
def test_nobody_retries_what_is_performed_now_so_the_error_is_as_it_was(job_class):
    ERRORS[-1] = error = ConnectionError("slow down")

    with pytest.raises(ConnectionError) as caught:
        job_class.perform_now()

    assert caught.value is error
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("job_class", [FlakyJob, AsyncFlakyJob])
def test_permanent_error_is_raised_as_it_is(job_class):
    ERRORS[-1] = ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        job_class.perform_now()
