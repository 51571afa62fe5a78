"""System checks of the setting `JOBS`.

Each gives an id, a sentence and a hint for what is wrong.
"""

from datetime import timedelta

import pytest
from django.core import checks

from jobs import Job
from jobs.checks import check_settings, check_time_limits
from jobs.registry import registry


def check():
    return [(message.id, message.msg) for message in check_settings(None)]


def test_project_of_this_repository_is_in_order():
    assert check() == []


def test_check_is_registered(settings):
    settings.JOBS = {"QUEUE": "high"}

    assert [message.id for message in checks.run_checks(tags=["jobs"])] == ["jobs.E001"]


def test_each_wrong_key_and_value_is_an_error_with_a_hint(settings):
    settings.JOBS = {"QUEUE": "high", "CONCURRENCY": 0}

    messages = check_settings(None)

    assert [message.id for message in messages] == ["jobs.E001", "jobs.E001"]
    assert all(message.hint for message in messages)


@pytest.mark.parametrize("key", ["MIDDLEWARE", "ERROR_HANDLERS", "DEATH_HANDLERS"])
@pytest.mark.parametrize("path", ["nowhere.at.all", "tests.jobs.test_checks.missing", "word"])
def test_what_cannot_be_imported_is_named(settings, key, path):
    settings.JOBS = {key: [path]}

    [(number, message)] = check()

    assert number == "jobs.E002"
    assert path in message


@pytest.mark.parametrize("path", ["builtins.dict", "datetime.date", "builtins.len"])
def test_middleware_that_is_none_is_named(settings, path):
    settings.JOBS = {"MIDDLEWARE": [path]}

    [(number, message)] = check()

    assert number == "jobs.E002"
    assert path in message


@pytest.mark.parametrize("key", ["ERROR_HANDLERS", "DEATH_HANDLERS"])
def test_handler_that_cannot_be_called_is_named(settings, key):
    settings.JOBS = {key: ["math.pi"]}

    [(number, message)] = check()

    assert number == "jobs.E002"
    assert "math.pi" in message


def test_provider_that_is_not_set_is_an_error(settings, monkeypatch):
    monkeypatch.setenv("JOBS_REDIS_PROVIDER", "CLOUD_URL")
    settings.JOBS = {}

    [(number, message)] = check()

    assert number == "jobs.E003"
    assert "CLOUD_URL" in message


@pytest.mark.parametrize("source", ["setting", "environment"])
@pytest.mark.parametrize("url", ["http://x", "redis://:hunter/2@x"])
def test_url_that_cannot_be_used_is_an_error_wherever_it_comes_from(
    settings, monkeypatch, source, url
):
    if source == "environment":
        monkeypatch.setenv("JOBS_REDIS_URL", url)
    settings.JOBS = {"REDIS_URL": url} if source == "setting" else {}

    [message] = check_settings(None)

    assert message.id == "jobs.E004"
    assert "cannot be used" in message.msg
    assert "JOBS['REDIS_URL']" in str(message.hint)
    assert "hunter" not in message.msg


def test_limits_of_time_that_a_stop_cuts_short_are_named(settings, monkeypatch):
    settings.JOBS = {"TIMEOUT": 10}
    monkeypatch.setattr(
        registry, "_classes", {"shop.Long": long_job(10.5), "shop.Short": long_job(10)}
    )

    [note] = check_time_limits(None)

    assert note.id == "jobs.I001"
    assert note.level == checks.INFO
    assert "shop.Long." in note.msg
    assert "shop.Short" not in note.msg
    assert "TIMEOUT'] = 10 s" in note.msg
    settings.JOBS = {"TIMEOUT": 11}
    assert check_time_limits(None) == []
    settings.JOBS = {"TIMEOUT": "soon"}
    assert check_time_limits(None) == []


def long_job(seconds: float) -> type[Job]:
    class LongJob(Job):
        time_limit = timedelta(seconds=seconds)

    return LongJob
