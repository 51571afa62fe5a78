"""Why has this job not run yet?

There is always an answer, and the first sentence is the reason.
"""

import time

import pytest
from django.utils import translation

from jobs import Job, control, inspect
from jobs.inspect.explain import in_words
from jobs.store import Leases, Terms
from jobs.store.metrics import BUCKETS, Measure, MetricStore
from jobs.templatetags.jobs_format import exact
from tests.jobs.inspect.filling import WORKER, beat, failure, fetch, fill, push, put


class ExplainedJob(Job):
    def perform(self) -> None:
        pass


NAME = "tests.jobs.inspect.test_explain.ExplainedJob"


def said(job_id):
    return " ".join(inspect.explain(job_id).sentences)


def make(store, name, **fields):
    return put(store, name, job_class=NAME, **fields)


def test_a_job_that_is_nowhere_is_done_or_deleted_or_never_was():
    assert "no such job" in said("0" * 32)


@pytest.mark.parametrize("place", ["ready", "scheduled", "retry", "dead", "done", "running"])
def test_there_is_an_answer_in_every_place(store, place):
    jobs = fill(store)

    assert inspect.explain(jobs[place]).place == place
    assert said(jobs[place])


def test_a_result_that_was_not_kept_is_told(store):
    lost = said(make(store, "done", result_lost="a value of type Decimal is no JSON"))

    assert "not kept: a value of type Decimal is no JSON." in lost
    assert "Its result is kept" not in lost
    assert "Its result is kept until" in said(make(store, "done", result=5))


def test_ready_in_a_paused_queue(store):
    beat(store)
    job = make(store, "ready")
    control.pause("default")

    assert said(job) == "Queue default is paused. It would be the next job of the queue."


def test_ready_in_a_queue_that_runs_as_many_as_it_may(store):
    beat(store)
    push(store)
    fetch(store)
    job = make(store, "ready")
    control.limit("default", 2)
    assert "at a time" not in said(job)

    control.limit("default", 1)

    assert said(job).startswith("Queue default may run 1 job at a time, and does so now.")


def test_ready_and_no_worker_takes_the_queue(store):
    beat(store, queues="high")

    assert (
        "No live worker takes jobs from queue default. "
        "Start one with: python manage.py runjobs -q default" in said(make(store, "ready"))
    )


def test_ready_and_all_workers_are_quiet(store):
    beat(store, quiet=1)

    assert "is quiet" in said(make(store, "ready"))


def test_ready_and_all_threads_are_busy(store):
    beat(store, busy=5)

    assert "All 5 threads of the workers that serve queue default are busy." in said(
        make(store, "ready")
    )


def test_ready_and_next(store):
    beat(store)

    assert said(make(store, "ready")) == "It is the next job of queue default."


def test_ready_behind_others_with_an_estimate_from_the_last_minutes(store):
    beat(store)
    for _ in range(120):
        make(store, "ready", at=time.time() - 60)
    job = make(store, "ready")
    measure = Measure(runs=600, buckets=[600] + [0] * (BUCKETS - 1))
    MetricStore(store).add([("queue:default", time.time() - 60, measure)])

    assert said(job) == (
        "120 jobs are ahead of it in queue default. "
        "At the rate of the last minutes, 2.0 per second, it should start in about 60 seconds."
    )


def test_scheduled_tells_when_and_how_long_that_is(store):
    beat(store)
    job = make(store, "scheduled", at=time.time() + 7200.5)

    assert "It is scheduled for " in said(job)
    assert "in 2 hours." in said(job)


def test_overdue_waits_for_the_next_worker(store):
    beat(store)

    assert said(make(store, "scheduled", at=time.time() - 10)).startswith("It has been due since")


def test_overdue_names_first_what_keeps_it_from_being_taken(store):
    job = make(store, "scheduled", at=time.time() - 10)

    assert said(job).startswith("No live worker takes jobs from queue default.")
    assert "It has been due since" in said(job)


def test_retry_tells_the_error_and_the_next_attempt(store):
    beat(store)
    job = make(
        store,
        "retry",
        at=time.time() + 600,
        failures=3,
        errors=[failure("orders.Declined", "no.\nmore")],
    )

    assert "Attempt 3 failed with orders.Declined: no. The next attempt is due at" in said(job)


def test_a_limit_that_was_reached_is_named(store):
    job = make(
        store,
        "retry",
        at=time.time() + 60,
        failures=1,
        errors=[failure("jobs.errors.LimitExceeded", "full")],
    )

    assert said(job).startswith("A limit was reached when it last ran: full")


def test_a_snooze_is_no_failure(store):
    assert "asked to run later" in said(make(store, "retry", at=time.time() + 60))


def test_dead_says_that_it_stays_dead_and_why(store):
    assert "The last error: E: boom" in said(make(store, "dead", errors=[failure("E", "boom")]))
    assert "somebody killed it" in said(make(store, "dead"))


def test_times_are_written_as_on_the_pages_with_their_zone(store, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    dead, done = make(store, "dead", at=1_764_000_000), make(store, "done", finished_at=1.764e9)

    assert "in the dead set since Nov 24, 2025, 17:00:00 CET. It" in said(dead)
    assert "It was done at Nov 24, 2025, 17:00:00 CET." in said(done)
    assert ">Nov 24, 2025, 17:00:00 CET<" in exact(inspect.find(dead).at)


def test_running_on_a_worker_since(store):
    job = make(store, "ready")
    fetch(store)
    beat(store, running=f"{job} default {time.time() - 5:.3f}")

    assert f"It has been running on worker {WORKER} since" in said(job)
    assert "lease expires in" in said(job)


def test_time_limit_of_a_running_job(store):
    job = make(store, "ready", options={"time_limit": {"timedelta_seconds": 60}})
    fetch(store)
    beat(store, running=f"{job} default {time.time() - 5:.3f}")

    assert "Its time limit of 60 s ends at" in said(job)
    beat(store, running=f"{job} default {time.time() - 65:.3f}")
    assert "Its time limit of 60 s ended at" in said(job)
    assert "its process is replaced" in said(job)


def test_job_whose_process_was_ended_by_its_time_limit(store):
    job = make(store, "ready", overrun={"worker": "w", "stack": "secret"})

    assert said(job).startswith("Its last run did not end after its time limit")
    assert "secret" not in said(job)


def test_taken_and_not_begun(store):
    job = make(store, "ready")
    fetch(store)
    beat(store)

    assert "had not begun it" in said(job)


def test_running_under_a_worker_that_is_silent_and_given_up(store):
    job = make(store, "ready")
    fetch(store)
    Leases(store, Terms(60)).condemn("default", WORKER)

    assert "gives no sign of life" in said(job)
    assert "was given up" in said(job)


def test_unknown_class_interruptions_and_crashes_are_told(store):
    job = put(store, "ready", job_class="gone.Job", interruptions=1, crashes=2)

    assert "No job class gone.Job is known here." in said(job)
    assert "interrupted 1 time by" in said(job)
    assert "running in 2 crashes" in said(job)


def test_a_job_in_no_set_is_for_the_doctor(store):
    job = make(store, "ready")
    store.client.delete(store.keys("default").ready)

    assert "doctor --repair" in said(job)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 second"),
        (59, "59 seconds"),
        (119, "119 seconds"),
        (121, "2 minutes"),
        (7300, "2 hours"),
        (200_000, "2 days"),
    ],
)
def test_durations_in_words(seconds, words):
    assert in_words(seconds) == words


@pytest.mark.parametrize(("language", "words"), [("en", "25,509 days"), ("de", "25.509 Tagen")])
def test_numbers_in_sentences_are_written_as_the_language_does(language, words):
    with translation.override(language):
        assert in_words(25_509 * 86_400) == words
