"""What becomes of a job after an error."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.backoff import MAX_DELAY_SECONDS
from jobs.errors import JobInterrupted
from jobs.job import Retry
from jobs.options import JobOptions
from jobs.payload import Payload
from jobs.worker.outcome import MOST_ERRORS, Ending, Outcome, after_error, describe, is_interruption

OPTIONS = JobOptions(max_retries=2)


def fail(
    wish=None, options: JobOptions = OPTIONS, error: BaseException | None = None, **fields
) -> Outcome:
    payload = Payload(0, "a" * 32, "tests.WishfulJob", "default", args=[wish], **fields)
    return after_error(
        payload, options, error or ValueError("no luck"), "worker-1", lambda attempt, error: wish
    )


def raised(error: BaseException) -> BaseException:
    try:
        raise error  # noqa: TRY301  # the traceback is the point
    except BaseException as caught:  # noqa: BLE001  # that is what an error with a traceback is
        return caught


def test_first_failure_is_retried_after_the_default_delay():
    outcome = fail()

    assert outcome.ending is Ending.RETRIED
    assert 15 <= outcome.delay_seconds <= 25
    assert outcome.payload.failures == 1
    assert outcome.payload.attempt == 2


@pytest.mark.parametrize(
    ("failures", "ending"), [(0, Ending.RETRIED), (1, Ending.RETRIED), (2, Ending.DEAD)]
)
def test_job_is_dead_when_its_retries_are_used_up(failures, ending):
    assert fail(failures=failures).ending is ending


def test_job_without_retries_is_dead_at_once():
    assert fail(options=JobOptions(max_retries=0)).ending is Ending.DEAD


def test_exhausted_job_that_shall_not_be_dead_is_discarded():
    assert fail(options=JobOptions(max_retries=0, dead=False)).ending is Ending.DISCARDED


@pytest.mark.parametrize(("age", "ending"), [(50, Ending.RETRIED), (61, Ending.DEAD)])
def test_retry_for_counts_from_the_first_failure(age, ending):
    options = replace(OPTIONS, retry_for=timedelta(minutes=1))
    errors = [{"class": "E", "message": "", "at": time.time() - age, "worker": "w"}]

    assert fail(options=options, failures=99, errors=errors).ending is ending


@pytest.mark.parametrize(
    ("wish", "delay"),
    [(7, 7.0), (0, 0.0), (-5, 0.0), (2.5, 2.5), (float("inf"), MAX_DELAY_SECONDS)],
)
def test_retry_in_may_name_the_seconds(wish, delay):
    outcome = fail(wish)

    assert (outcome.ending, outcome.delay_seconds) == (Ending.RETRIED, delay)


@pytest.mark.parametrize(
    ("wish", "ending"), [(Retry.KILL, Ending.DEAD), (Retry.DISCARD, Ending.DISCARDED)]
)
def test_retry_in_may_end_the_job(wish, ending):
    assert fail(wish).ending is ending


def test_every_error_is_kept_and_the_traceback_of_the_last_only():
    first = fail(error=raised(ValueError("one")))

    second = after_error(
        first.payload, OPTIONS, raised(KeyError("two")), "worker-2", lambda attempt, error: None
    )

    one, two = second.payload.errors
    assert (one["class"], one["message"], one["worker"]) == ("ValueError", "one", "worker-1")
    assert (two["class"], two["message"], two["worker"]) == ("KeyError", "'two'", "worker-2")
    assert "traceback" not in one
    assert "in raised" in two["traceback"]


def test_class_of_an_error_is_named_in_full():
    assert describe(JobInterrupted(), "w")["class"] == "jobs.errors.JobInterrupted"


def test_traceback_is_left_out_when_the_job_class_says_so():
    assert "traceback" not in fail(options=replace(OPTIONS, backtrace=False)).payload.errors[0]


def test_long_message_is_cut():
    assert len(fail(error=ValueError("x" * 20_000)).payload.errors[0]["message"]) == 10_000


def test_message_that_is_no_unicode_can_be_stored():
    outcome = fail(error=raised(ValueError("caf\udce9")))

    assert outcome.payload.errors[0]["message"] == "caf\\udce9"
    assert outcome.payload.encode()


def test_error_whose_text_raises_is_kept_all_the_same():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    assert (
        fail(error=Mute()).payload.errors[0]["message"]
        == "(no message: its __str__ raised RuntimeError)"
    )


def test_first_error_stays_among_the_many():
    errors = [
        {"class": "E", "message": str(n), "at": 1.0, "worker": "w"} for n in range(MOST_ERRORS)
    ]

    kept = fail(failures=1, errors=errors).payload.errors

    assert len(kept) == MOST_ERRORS
    assert [kept[0]["message"], kept[1]["message"], kept[-1]["message"]] == ["0", "2", "no luck"]


def test_interruption_is_found_among_causes_and_contexts():
    as_cause, as_context = ValueError(), ValueError()
    as_cause.__cause__ = KeyError()
    as_cause.__cause__.__context__ = JobInterrupted()
    as_context.__context__ = JobInterrupted()

    assert is_interruption(JobInterrupted())
    assert is_interruption(as_cause)
    assert is_interruption(as_context)
    assert is_interruption(BaseExceptionGroup("", [ValueError(), JobInterrupted()]))
    assert is_interruption(RuntimeError(), RuntimeError)


def test_error_without_interruption_is_a_failure_even_if_its_causes_run_in_a_circle():
    error, cause = ValueError(), KeyError()
    error.__cause__, cause.__context__ = cause, error

    assert not is_interruption(error)
    assert not is_interruption(asyncio.CancelledError())


def test_error_of_a_run_tells_how_long_it_took():
    payload = Payload(0, "a" * 32, "tests.WishfulJob", "default")

    outcome = after_error(payload, OPTIONS, ValueError(), "w", lambda attempt, error: None, 2.34567)

    assert outcome.payload.errors[0]["seconds"] == 2.346
    assert "seconds" not in fail().payload.errors[0]
