"""Encrypted jobs in the tools for tests, which see the arguments."""

from datetime import timedelta

import pytest

from jobs.testing import (
    assert_enqueued,
    capture_jobs,
    drain,
    enqueued_jobs,
    mode,
    run_next,
    upcoming_ticks,
)
from tests.jobs.features.encryption.encrypted_jobs import FailingJob, SecretJob, TickingJob, seen


def test_collected_jobs_show_their_arguments_and_run_with_them():
    with mode("fake"):
        SecretJob.enqueue(1, word="hunter2")

        (payload,) = enqueued_jobs(SecretJob)
        assert_enqueued(SecretJob, args=[1], kwargs={"word": "hunter2"})
        assert b"hunter2" not in payload.encode()
        drain()

    assert seen == [(1, "hunter2")]


def test_collected_job_that_failed_is_tried_again_with_its_arguments():
    with mode("fake"):
        FailingJob.enqueue(1, word="hunter2")

        assert run_next().ending == "retried"
        assert run_next().ending == "dead"

    assert seen == [(1, "hunter2")] * 2


def test_chosen_key_is_known_to_assertions():
    with mode("fake"):
        SecretJob.using(key="order-7").enqueue(1)

        assert_enqueued(SecretJob, unique="order-7")
        with pytest.raises(AssertionError):
            assert_enqueued(SecretJob, unique="order-8")


def test_job_runs_inline_and_at_once():
    with mode("inline"):
        SecretJob.enqueue(1, word="hunter2")
    SecretJob.perform_now(2)

    assert seen == [(1, "hunter2"), (2, "")]


def test_captured_and_scheduled_jobs_show_their_arguments():
    with mode("fake"):
        with capture_jobs() as captured:
            SecretJob.enqueue(1, word="hunter2")
        (payload,) = captured
        assert payload.kwargs == {"word": "hunter2"}

        (tick,) = upcoming_ticks(timedelta(days=1), job_class=TickingJob)
        fired = tick.fire()
        assert fired is not None
        assert (fired.args, b"hunter2" in fired.encode()) == ([7], False)
