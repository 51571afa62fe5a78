"""Options: checked where they are written, with the known names."""

from dataclasses import fields
from datetime import timedelta

import pytest

from jobs import habits
from jobs.conf import JobsSettings
from jobs.errors import InvalidJob
from jobs.options import JobOptions, Option, check_queue_name

HOUR = timedelta(hours=1)


def merged(options=None, /, **changes):
    return (options or JobOptions()).merged(
        changes, "OrderJob", lambda: {"limit": Option(lambda v: v > 0, "positive")}
    )


@pytest.mark.parametrize("name", ["default", "a", "A-b_c.9", "x" * 100])
def test_queue_name_of_allowed_characters(name):
    assert check_queue_name(name) == name
    assert merged(queue=name).queue == name


@pytest.mark.parametrize(
    "name", ["", "a b", "a/b", "a{b}", "ä", "x" * 101, "a\n", "a,5", None, 7, b"a"]
)
def test_queue_name_of_other_characters_is_refused(name):
    with pytest.raises(InvalidJob, match="1 to 100 letters, digits"):
        check_queue_name(name)
    with pytest.raises(InvalidJob, match="OrderJob: option 'queue' must be 1 to 100 letters"):
        merged(queue=name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", 101),
        ("priority", -101),
        ("priority", 1.0),
        ("priority", "1"),
        ("priority", True),
        ("priority", None),
        ("max_retries", -1),
        ("max_retries", 2.5),
        ("max_retries", True),
        ("retry_for", timedelta(0)),
        ("retry_for", 3600),
        ("dead", 1),
        ("dead", None),
        ("keep_result_for", -HOUR),
        ("keep_result_for", 60),
        ("backtrace", "yes"),
        ("limit", 0),
        ("limit", "one"),
    ],
)
def test_wrong_value_is_named_with_what_is_expected(name, value):
    with pytest.raises(InvalidJob) as raised:
        merged(**{name: value})

    assert str(raised.value).startswith(f"OrderJob: option {name!r} must be ")
    assert str(raised.value).endswith(f", not {value!r}.")


@pytest.mark.parametrize("priority", [-100, 0, 100])
def test_priorities_of_django_are_accepted(priority):
    assert merged(priority=priority).priority == priority


def test_unknown_option_is_named_with_the_nearest_and_all_others():
    with pytest.raises(InvalidJob) as raised:
        merged(max_retry=3)

    message = str(raised.value)
    assert "unknown option 'max_retry'. Did you mean 'max_retries'?" in message
    assert "queue, priority, max_retries" in message
    assert "limit" in message


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("delay", "using(run_after="),
        ("countdown", "using(run_after="),
        ("run_after", "give it to using()"),
        ("queue_name", "write queue"),
        ("retries", "write max_retries"),
        ("retry", "write max_retries"),
        ("autoretry_for", "transient_errors"),
        ("max_age", "write expires_in"),
        ("retry_backoff", "retry_in"),
        ("acks_late", "leave it out"),
        ("bind", "leave it out"),
        ("result_ttl", "keep_result_for"),
        ("rate_limit", "jobs.limit"),
        ("cron", "write schedule = Cron("),
        ("periodic", "write schedule = Cron("),
        ("lock", "jobs.lock(name)"),
        ("tags", "leave it out; docs/not_yet.md"),
        ("key", "give it to using()"),
        ("soft_time_limit", "time_limit"),
    ],
)
def test_option_of_another_system_is_told_what_to_write(name, advice):
    with pytest.raises(InvalidJob) as raised:
        merged(**{name: 3})

    assert f"unknown option {name!r}. Instead of it, " in str(raised.value)
    assert advice in str(raised.value)
    assert "Did you mean" not in str(raised.value)


def test_habits_are_none_of_our_own_names():
    assert not set(habits.OPTIONS) & {f.name for f in fields(JobOptions)}
    assert not set(habits.SETTINGS) & {f.name.upper() for f in fields(JobsSettings)}


def test_option_of_a_middleware_is_kept_beside_our_own():
    options = merged(merged(limit=3), queue="high")

    assert options.others == {"limit": 3}
    assert options.queue == "high"


def test_change_makes_a_copy():
    first = JobOptions()

    assert merged(first, queue="high").queue == "high"
    assert first.queue == "default"


def test_two_limits_of_retrying_exclude_each_other():
    with pytest.raises(InvalidJob, match="max_retries and retry_for exclude each other"):
        merged(max_retries=3, retry_for=HOUR)


def test_limit_said_last_replaces_the_other():
    by_time = merged(merged(max_retries=3), retry_for=HOUR)
    by_count = merged(by_time, max_retries=5)

    assert (by_time.max_retries, by_time.retry_for) == (None, HOUR)
    assert (by_count.max_retries, by_count.retry_for) == (5, None)


def test_limit_may_be_said_together_with_none_for_the_other():
    options = merged(merged(retry_for=HOUR), max_retries=3, retry_for=None)

    assert (options.max_retries, options.retry_for) == (3, None)
