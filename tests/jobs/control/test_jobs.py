"""Changes to single jobs.

Each moves what may be moved, leaves alone what is gone, and counts.
"""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs import Job, control, inspect
from jobs.errors import InvalidArguments, InvalidJob, UnknownJob
from tests.jobs.inspect.filling import put

SETS = ("ready", "scheduled", "retry", "dead", "done")
LATER = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


class AddJob(Job):
    max_retries = 3

    def perform(self, a: int, b: int = 0, *, token: str = "") -> None:
        pass


def record(job_id):
    return inspect.find(job_id)


def fill(store, **fields):
    """Put one job into each set.

    Returns the records by place.
    """
    return {name: record(put(store, name, **fields)) for name in SETS}


@pytest.mark.parametrize(
    ("change", "destination", "sources"),
    [
        (control.retry, "ready", {"scheduled", "retry", "dead"}),
        (control.kill, "dead", {"ready", "scheduled", "retry"}),
        (control.delete, None, set(SETS)),
    ],
)
def test_a_change_moves_jobs_from_the_sets_it_is_for(store, change, destination, sources):
    jobs = fill(store)

    assert change(jobs.values()) == len(sources)

    for name, job in jobs.items():
        now = record(job.id)
        assert (now and now.place) == (destination if name in sources else name)


def test_jobs_of_several_queues_change_together(store):
    ids = [put(store, "dead", queue) for queue in ("default", "high", "default")]

    assert control.retry(record(job_id) for job_id in ids) == 3
    assert {record(job_id).queue for job_id in ids} == {"default", "high"}


def test_a_job_that_went_elsewhere_meanwhile_is_left_alone(store):
    job = record(put(store, "dead"))
    control.delete([job])

    assert control.retry([job]) == 0


@pytest.mark.parametrize("name", ["scheduled", "retry"])
def test_a_job_keeps_its_set_when_it_gets_a_new_time(store, name):
    job = record(put(store, name, at=time.time() + 60))

    assert control.reschedule([job], LATER) == 1

    assert (record(job.id).place, record(job.id).at) == (name, LATER)
    assert control.reschedule([record(put(store, "dead"))], LATER) == 0


@pytest.mark.parametrize(
    "at",
    [
        datetime.max.replace(tzinfo=ZoneInfo("America/New_York")),
        datetime.min.replace(tzinfo=ZoneInfo("Asia/Tokyo")),
        datetime(1969, 12, 30, tzinfo=UTC),
        datetime(2300, 1, 1, tzinfo=UTC),
    ],
)
def test_a_time_that_no_job_can_have_is_refused(store, at):
    job_id = put(store, "scheduled", at=4e9)

    with pytest.raises(InvalidArguments, match="between 1970 and 100 years from now"):
        control.reschedule([record(job_id)], at)
    with pytest.raises(InvalidArguments, match="between 1970 and 100 years from now"):
        control.reschedule_all("scheduled", inspect.Filter(), at)

    assert record(job_id).at.timestamp() == 4e9


def test_a_copy_runs_with_the_same_arguments_queue_and_options(store):
    # A client does it once a minute, and every test begins with an empty Redis.
    store.intake.announce_queues(["low"])
    AddJob.using(queue="low", priority=7, max_retries=1, retry_for=None).enqueue(1, b=2)
    [original] = inspect.job_set("ready", inspect.Filter(queue="low")).jobs

    copy = record(control.run_again(original).id)

    assert copy.id != original.id
    assert (copy.queue, copy.payload.args, copy.payload.kwargs) == ("low", [1], {"b": 2})
    assert (copy.payload.priority, copy.payload.options) == (
        7,
        {"max_retries": 1, "retry_for": None},
    )
    assert record(original.id).place == "ready"


def test_a_copy_may_have_other_arguments_which_are_checked(store):
    original = record(AddJob.enqueue(1).id)

    assert record(control.run_again(original, [5], {"b": 6}).id).payload.args == [5]
    with pytest.raises(InvalidArguments):
        control.run_again(original, [1, 2, 3], {})


def test_a_job_of_a_class_that_nobody_knows_cannot_be_run_again(store):
    with pytest.raises(UnknownJob, match="No such job class"):
        control.run_again(record(put(store, "dead", job_class="gone.Job")))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"no_such_option": 1}, "no_such_option"),
        ({"run_after": 5}, "run_after"),
        ({"retry_for": {"timedelta_seconds": "x"}}, "cannot be read"),
        ({"retry_for": {"timedelta_seconds": 1e300}}, "cannot be read"),
    ],
)
def test_options_that_the_class_no_longer_has_are_named(store, options, problem):
    original = record(put(store, "dead", options=options))

    with pytest.raises((InvalidJob, InvalidArguments), match=problem):
        control.run_again(original)


def test_a_record_hides_secret_arguments_and_keeps_them_for_the_copy(store):
    original = record(AddJob.enqueue(1, token="s3cret").id)

    assert "s3cret" not in original.arguments_text
    assert record(control.run_again(original).id).payload.kwargs == {"token": "s3cret"}


def test_times_are_those_of_the_place(store):
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)

    assert record(AddJob.using(run_after=due).enqueue(1).id).at == due
