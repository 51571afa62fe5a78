"""The `JOBS` setting: defaults that work, and a sentence for everything that is wrong."""

from dataclasses import fields

import pytest

from jobs.conf import (
    DEFAULT_REDIS_URL,
    JobsSettings,
    default_redis_url,
    get_settings,
    load,
    problems,
)
from jobs.errors import ConfigurationError


def test_empty_setting_is_good():
    loaded = load({})

    assert loaded.queues == ("default",)
    assert (loaded.concurrency, loaded.processes, loaded.timeout) == (5, 1, 25.0)
    assert (loaded.heartbeat, loaded.lease) == (5.0, 15.0)
    assert (loaded.enqueue, loaded.enqueue_timeout, loaded.max_payload_bytes) == (
        "on_commit",
        1.0,
        1_000_000,
    )


def test_names_of_secrets_have_a_default_and_can_be_replaced():
    assert {"password", "token", "api_key"} <= set(load({}).redact)
    assert load({"REDACT": ["pin"]}).redact == ("pin",)
    assert load({"REDACT": []}).redact == ()


def test_every_default_is_a_valid_value():
    defaults = {f.name.upper(): getattr(JobsSettings(), f.name) for f in fields(JobsSettings)}

    assert problems(defaults) == []


def test_values_replace_the_defaults_and_lists_become_tuples():
    loaded = load(
        {"QUEUES": ["high,5", "low,1"], "NAMESPACE": "shop", "TIMEOUT": 3, "MAX_RETRIES": 0}
    )

    assert loaded.queues == ("high,5", "low,1")
    assert (loaded.namespace, loaded.timeout, loaded.max_retries) == ("shop", 3, 0)


@pytest.mark.parametrize("values", [None, [], "redis://host", 7])
def test_setting_must_be_a_dictionary(values):
    assert problems(values) == [f"JOBS must be a dictionary, not {type(values).__name__}."]


@pytest.mark.parametrize("key", ["COLOUR", "", 7, None, "x" * 1000])
def test_unknown_key_is_named_with_the_known_ones(key):
    [problem] = problems({key: 1})

    assert problem.startswith("JOBS has an unknown key ")
    assert repr(key)[:20] in problem
    assert len(problem) < 660
    assert "REDIS_URL, NAMESPACE, QUEUES" in problem


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("REDIS_ULR", "REDIS_URL"),
        ("redis_url", "REDIS_URL"),
        ("JOBS_REDIS_URL", "REDIS_URL"),
        ("CONCURENCY", "CONCURRENCY"),
        ("MAX_RETRY", "MAX_RETRIES"),
        ("DEAD_MAX_DAY", "DEAD_MAX_DAYS"),
    ],
)
def test_misspelt_key_is_told_which_one_is_meant(key, meant):
    assert problems({key: 1}) == [f"JOBS has an unknown key {key!r}. Did you mean {meant!r}?"]


@pytest.mark.parametrize("key", ["CHECK_FULLNESS", "CHECK_FAILURES"])
def test_share_that_is_written_as_a_percentage_is_refused(key):
    [problem] = problems({key: 80})

    assert f"JOBS['{key}'] must be a number of at most 1, not 80" in problem
    assert problems({key: 1}) == []


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("QUEUE", "Write QUEUES"),
        ("BROKER_URL", "Write REDIS_URL"),
        ("CELERY_BROKER_URL", "Write REDIS_URL"),
        ("celery_task_always_eager", "jobs.testing.mode"),
        ("RQ_DEFAULT_TIMEOUT", "time_limit"),
        ("CELERY_WORKER_MAX_TASKS_PER_CHILD", "MAX_JOBS_PER_PROCESS"),
        ("MAX_JOBS", "MAX_JOBS_PER_PROCESS"),
        ("MAX_QUEUE_SIZE", "Write QUEUE_LIMITS"),
        ("TIME_LIMIT", "time_limit = timedelta"),
        ("CELERY_BEAT_SCHEDULE", "schedule = Cron"),
        ("HUEY_IMMEDIATE", "jobs.testing.mode"),
        ("WORKERS", "Write PROCESSES"),
    ],
)
def test_key_of_another_system_is_told_what_to_write(key, advice):
    [problem] = problems({key: 1})

    assert advice in problem


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CONCURRENCY", 0),
        ("CONCURRENCY", "5"),
        ("CONCURRENCY", 2.5),
        ("CONCURRENCY", True),
        ("CONCURRENCY", None),
        ("PROCESSES", -1),
        ("TIMEOUT", -1),
        ("TIMEOUT", float("nan")),
        ("LEASE", "15"),
        ("HEARTBEAT", 0),
        ("MAX_RETRIES", -1),
        ("MAX_CRASHES", 0),
        ("ENQUEUE_TIMEOUT", 0),
        ("MAX_PAYLOAD_BYTES", 10),
        ("QUEUES", "default"),
        ("QUEUES", []),
        ("QUEUES", [1]),
        ("QUEUES", ["no spaces"]),
        ("QUEUES", ["a/b"]),
        ("QUEUES", ["x" * 101]),
        ("QUEUES", ["high,"]),
        ("QUEUES", ["high,much"]),
        ("QUEUES", ["high,0"]),
        ("QUEUES", ["high,-1"]),
        ("CONCURRENCY", 10_000),
        ("PROCESSES", 10_000),
        ("TIMEOUT", float("inf")),
        ("HEARTBEAT", 1e300),
        ("MIDDLEWARE", "path.of.one"),
        ("MIDDLEWARE", [object]),
        ("ERROR_HANDLERS", None),
        ("REDACT", "password"),
        ("REDACT", [7]),
        ("ENQUEUE", "later"),
        ("ENQUEUE", ["on_commit"]),
        ("ENQUEUE", None),
        ("NAMESPACE", "a b"),
        ("NAMESPACE", "{a}"),
        ("NAMESPACE", ""),
        ("REDIS_URL", None),
        ("REDIS_URL", ""),
    ],
)
def test_wrong_value_is_named_with_what_is_expected(key, value):
    [problem] = problems({key: value})

    assert problem.startswith(f"JOBS[{key!r}] must be ")
    assert problem.endswith(f", not {value!r}.")


@pytest.mark.parametrize(
    "token", ["x", "k" * 15, "k" * 16 + " k", "k" * 16 + "\n", "ö" * 20, None, 7]
)
def test_token_that_is_short_or_fits_no_header_is_refused_and_not_quoted(token):
    [problem] = problems({"METRICS_TOKEN": token})

    assert "at least 16 printable ASCII characters" in problem
    assert repr(token) not in problem


@pytest.mark.parametrize("token", ["", "k" * 16])
def test_token_may_be_empty_or_long(token):
    assert load({"METRICS_TOKEN": token}).metrics_token == token


def test_lease_must_outlast_a_missed_heartbeat():
    [problem] = problems({"LEASE": 8, "HEARTBEAT": 5})

    assert "at least twice" in problem
    assert problems({"LEASE": 10, "HEARTBEAT": 5}) == []


def test_lease_is_compared_with_the_default_heartbeat():
    assert len(problems({"LEASE": 8})) == 1


def test_all_problems_are_told_at_once():
    with pytest.raises(ConfigurationError) as raised:
        load({"QUEUE": [], "CONCURRENCY": 0, "ENQUEUE": "never"})

    assert all(word in str(raised.value) for word in ("'QUEUE'", "'CONCURRENCY'", "'ENQUEUE'"))


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, DEFAULT_REDIS_URL),
        ({"JOBS_REDIS_URL": "redis://one"}, "redis://one"),
        ({"JOBS_REDIS_URL": ""}, DEFAULT_REDIS_URL),
        (
            {
                "JOBS_REDIS_PROVIDER": "CLOUD_URL",
                "CLOUD_URL": "redis://two",
                "JOBS_REDIS_URL": "redis://one",
            },
            "redis://two",
        ),
        ({"JOBS_REDIS_PROVIDER": "", "JOBS_REDIS_URL": "redis://one"}, "redis://one"),
    ],
)
def test_redis_url_comes_from_the_environment(environment, url):
    assert default_redis_url(environment) == url


def test_provider_that_is_not_set_is_named():
    with pytest.raises(ConfigurationError, match="CLOUD_URL"):
        default_redis_url({"JOBS_REDIS_PROVIDER": "CLOUD_URL"})


def test_changed_setting_counts_at_once(settings):
    settings.JOBS = {"MAX_RETRIES": 3}
    assert get_settings().max_retries == 3

    settings.JOBS = {"MAX_RETRIES": 4}
    assert get_settings().max_retries == 4


def test_project_without_the_setting_uses_the_defaults(settings):
    settings.JOBS = {}

    del settings.JOBS

    assert get_settings().queues == ("default",)


def test_only_kinds_of_problems_can_be_accepted():
    accepted = ["redis_unlimited", "queue_late:imports"]
    assert load({"CHECK_IGNORE": accepted}).check_ignore == tuple(accepted)

    [problem] = problems({"CHECK_IGNORE": ["queue_lat"]})
    assert "must be a list of kinds of problems" in problem
    assert "queue_late" in problem


@pytest.mark.parametrize("value", [1, 0, "yes", None])
def test_count_queries_is_a_switch(value):
    assert problems({"COUNT_QUERIES": value}) == [
        f"JOBS['COUNT_QUERIES'] must be True or False, not {value!r}."
    ]
    assert load({"COUNT_QUERIES": True}).count_queries
