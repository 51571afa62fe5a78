"""How many attempts a job has had, and may have."""

from datetime import timedelta

from jobs import Job, inspect
from jobs.inspect import Attempts
from jobs.registry import registry
from tests.jobs.inspect.filling import put


class ThriceJob(Job):
    max_retries = 2

    def perform(self) -> None:
        pass


class ForAnHourJob(Job):
    retry_for = timedelta(hours=1)

    def perform(self) -> None:
        pass


def attempts(store, job_class, place="retry", **fields):
    name = job_class if isinstance(job_class, str) else registry.name_of(job_class)
    return inspect.attempts_of(inspect.find(put(store, place, job_class=name, **fields)))


def test_class_says_how_many_there_are(store):
    assert attempts(store, ThriceJob, failures=1) == Attempts(2, 3)


def test_using_says_it_for_one_job(store):
    assert attempts(store, ThriceJob, options={"max_retries": 9}) == Attempts(1, 10)


def test_setting_says_it_where_the_class_does_not(store, settings):
    settings.JOBS = {**settings.JOBS, "MAX_RETRIES": 4}

    assert attempts(store, "tests.AnyJob", failures=2) == Attempts(3, 5)


def test_dead_job_has_had_its_last(store):
    assert attempts(store, ThriceJob, "dead", failures=3) == Attempts(3, 3)
    assert attempts(store, ThriceJob, "dead") == Attempts(1, 3)


def test_time_may_bound_them(store):
    assert attempts(store, ForAnHourJob) == Attempts(1, retry_for=timedelta(hours=1))


def test_nobody_knows_for_an_unknown_class_or_option(store):
    assert attempts(store, "gone.Job", failures=1) == Attempts(2)
    assert attempts(store, ThriceJob, options={"nosuch": 1}) == Attempts(1)
