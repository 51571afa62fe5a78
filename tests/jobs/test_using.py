"""What `using` changes for one job: its options, and when it runs."""

import datetime
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import InvalidArguments, InvalidJob, Job
from jobs.enqueue import options_of
from tests.jobs.enqueued import arguments, payloads

HOUR = timedelta(hours=1)
NAIVE = datetime.datetime(2030, 1, 1)  # noqa: DTZ001


class NoteJob(Job):
    def perform(self, text: str, *, count: int = 1) -> None:
        """Do nothing."""


class ByTimeJob(Job):
    retry_for = HOUR

    def perform(self) -> None:
        """Do nothing."""


# Changed copies


def test_using_changes_a_copy_only(store):
    NoteJob.using(queue="low").enqueue("a")
    NoteJob.enqueue("b")

    assert (arguments(store, "low"), arguments(store)) == ([["a"]], [["b"]])


def test_every_option_may_be_changed(store):
    changes = {
        "max_retries": 3,
        "dead": False,
        "keep_result_for": HOUR,
        "backtrace": False,
        "expires_in": HOUR,
    }

    NoteJob.using(queue="low", priority=-5, **changes).enqueue("a")

    [payload] = payloads(store, "low")
    options = options_of(NoteJob, payload)
    assert payload.priority == -5
    assert (options.max_retries, options.dead, options.backtrace) == (3, False, False)
    assert options.others == {"expires_in": HOUR, "keep_result_for": HOUR}


def test_using_may_be_said_in_steps_and_the_last_word_counts(store):
    NoteJob.using(priority=1, queue="low").using(priority=2).enqueue("a")

    [payload] = payloads(store, "low")
    assert payload.priority == 2


def test_limit_of_retrying_said_last_is_the_one_that_travels(store):
    NoteJob.using(max_retries=3).using(retry_for=HOUR).enqueue("a")
    NoteJob.using(retry_for=HOUR).using(max_retries=3).enqueue("b")

    by_time, by_count = [options_of(NoteJob, payload) for payload in payloads(store)]
    assert (by_time.max_retries, by_time.retry_for) == (None, HOUR)
    assert (by_count.max_retries, by_count.retry_for) == (3, None)


def test_count_replaces_the_time_of_the_class(store):
    ByTimeJob.using(max_retries=2).enqueue()

    options = options_of(ByTimeJob, payloads(store)[0])
    assert (options.max_retries, options.retry_for) == (2, None)


def test_option_of_the_class_may_change_until_the_job_runs(store):
    NoteJob.enqueue("a")

    assert options_of(NoteJob, payloads(store)[0]) is NoteJob.options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"queue": "no spaces"}, r"NoteJob.using\(\): option 'queue' must be 1 to 100 letters"),
        ({"priority": 101}, "from -100 to 100"),
        ({"max_retries": -1}, "a whole number, 0 or more"),
        ({"qeue": "low"}, r"unknown option 'qeue'. Did you mean 'queue'\?"),
        ({"delay": 5}, "unknown option 'delay'"),
        ({"kee": "a"}, r"Known options: queue, .* using\(\) takes run_after, commit, key, id"),
        ({"max_retries": 1, "retry_for": HOUR}, "exclude each other"),
    ],
)
def test_wrong_option_is_named(options, message):
    with pytest.raises(InvalidJob, match=message):
        NoteJob.using(**options)


def test_option_that_cannot_travel_is_refused():
    with pytest.raises(InvalidArguments, match="only be set on the job class"):
        NoteJob.using(transient_errors=(ValueError,)).enqueue("a")


@pytest.mark.parametrize("commit", ["later", True, ""])
def test_wrong_commit_is_named(commit):
    with pytest.raises(InvalidArguments, match="commit must be 'on_commit' or 'immediate'"):
        NoteJob.using(commit=commit)


# run_after


def test_job_is_scheduled_by_a_timedelta_on_the_clock_of_redis(store):
    seconds, _ = store.client.time()

    enqueued = NoteJob.using(run_after=HOUR).enqueue("a")

    due = store.client.zscore(store.keys("default").scheduled, enqueued.id)
    assert seconds + 3600 <= due / 1000 <= seconds + 3610
    assert payloads(store)[0].run_after == pytest.approx(due / 1000, abs=2)


def test_job_is_scheduled_for_a_moment(store):
    moment = timezone.now() + HOUR

    enqueued = NoteJob.using(run_after=moment).enqueue("a")

    assert store.client.zscore(store.keys("default").scheduled, enqueued.id) == round(
        moment.timestamp() * 1000
    )
    assert payloads(store)[0].run_after == moment.timestamp()


def test_moment_in_another_time_zone_is_the_same_moment(store):
    moment = timezone.now() + HOUR
    elsewhere = moment.astimezone(datetime.timezone(timedelta(hours=-7)))

    enqueued = NoteJob.using(run_after=elsewhere).enqueue("a")

    assert store.client.zscore(store.keys("default").scheduled, enqueued.id) == round(
        moment.timestamp() * 1000
    )


@pytest.mark.parametrize(
    "moment", [timedelta(0), datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)]
)
def test_job_of_a_moment_that_has_come_is_ready(store, moment):
    NoteJob.using(run_after=moment).enqueue("a")

    assert store.client.zcard(store.keys("default").ready) == 1


@pytest.mark.parametrize(
    ("run_after", "message"),
    [
        (NAIVE, "naive datetime 2030-01-01 00:00:00; make it aware"),
        (timedelta(seconds=-1), "in the past"),
        (60, "must be a timedelta or an aware datetime, not 60"),
        ("2030-01-01", "must be a timedelta or an aware datetime"),
        (datetime.date(2030, 1, 1), "must be a timedelta or an aware datetime"),
    ],
)
def test_wrong_moment_is_refused_with_a_remedy(run_after, message):
    with pytest.raises(InvalidArguments, match=message) as raised:
        NoteJob.using(run_after=run_after)

    assert "NoteJob.using()" in str(raised.value)
