"""The options of `runjobs`, and what it does before any process is forked."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from jobs.errors import ConfigurationError
from jobs.log import logger
from jobs.management.commands import runjobs

NOTHING = {"concurrency": None, "processes": None, "timeout": None}


def settings_of(environment=None, **options):
    return runjobs._settings({**NOTHING, **options}, environment or {})


@override_settings(JOBS={"CONCURRENCY": 7})
def test_settings_hold_where_nothing_else_is_said():
    assert settings_of().concurrency == 7


@override_settings(JOBS={"CONCURRENCY": 7, "TIMEOUT": 9.0})
def test_command_line_beats_the_environment_which_beats_the_settings():
    environment = {"JOBS_CONCURRENCY": "8", "JOBS_TIMEOUT": "2.5", "JOBS_PROCESSES": ""}

    merged = settings_of(environment, concurrency="3", processes=2)

    assert (merged.concurrency, merged.processes, merged.timeout) == (3, 2, 2.5)


@pytest.mark.parametrize(
    ("environment", "options", "message"),
    [
        ({}, {"concurrency": "many"}, "--concurrency must be a number, not 'many'."),
        ({}, {"concurrency": "0"}, "--concurrency must be a number of at least 1, not 0."),
        ({}, {"processes": "1.5"}, "--processes must be a number, not '1.5'."),
        (
            {},
            {"concurrency": "1000000000"},
            "--concurrency must be a number of at most 9,999, not 1000000000.",
        ),
        (
            {"JOBS_PROCESSES": "10000"},
            {},
            "JOBS_PROCESSES must be a number of at most 9,999, not 10000.",
        ),
        ({}, {"timeout": "-1"}, "--timeout must be a number of at least 0, not -1."),
        ({}, {"timeout": "nan"}, "--timeout must be a number of at least 0, not nan."),
        ({"JOBS_CONCURRENCY": "x"}, {}, "JOBS_CONCURRENCY must be a number, not 'x'."),
        ({"JOBS_PROCESSES": "0"}, {}, "JOBS_PROCESSES must be a number of at least 1, not 0."),
    ],
)
def test_wrong_number_is_refused_in_a_sentence_that_names_its_source(environment, options, message):
    with pytest.raises(ConfigurationError) as refused:
        settings_of(environment, **options)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-q", "no name"], "'no name' is no queue"),
        (["-q", "a", "-q", "a"], "named twice"),
        (["-q", "a,2", "-q", "b"], "every queue a weight, or none"),
        (["-c", "x"], "--concurrency must be a number"),
    ],
)
def test_wrong_options_end_the_command_before_it_begins(arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("runjobs", *arguments)


@pytest.fixture
def restored_logging(monkeypatch) -> None:
    """Undo what the command does to the logger of the library."""
    for name in ("handlers", "propagate", "level"):
        monkeypatch.setattr(logger, name, getattr(logger, name))
    monkeypatch.setattr(logger, "handlers", [*logger.handlers])


def test_unknown_kind_of_redis_url_is_said_before_any_waiting(restored_logging):
    with (
        override_settings(JOBS={"REDIS_URL": "http://127.0.0.1"}),
        pytest.raises(CommandError, match="Redis URL"),
    ):
        call_command("runjobs", stderr=io.StringIO())


@pytest.fixture
def reloaded(monkeypatch):
    """Return a function that runs what the reloader runs.

    The processes end with the given codes. It returns the command and the environment of each.
    """

    def reloaded(*codes, options=()):
        left, started = iter(codes), []

        class Process:
            def __init__(self, command, **options):
                started.append((command, options["env"]))

            def wait(self):
                return next(left)

        monkeypatch.setattr(runjobs.subprocess, "Popen", Process)
        monkeypatch.setattr(
            runjobs.autoreload,
            "get_child_arguments",
            lambda: ["python", "manage.py", "runjobs", "--reload", *options],
        )
        monkeypatch.setattr(runjobs, "PAUSE_TO_START_AGAIN", 0)
        monkeypatch.setenv("RUN_MAIN", "true")
        runjobs._run_in_subprocess()
        assert list(left) == []
        return started

    return reloaded


def test_reload_starts_the_same_command_beside_the_reloader(reloaded):
    ((command, environment),) = reloaded(1)

    assert command == ["python", "manage.py", "runjobs", "--stop-at-eof"]
    assert "RUN_MAIN" not in environment


def test_reload_starts_again_what_was_stopped_or_killed(reloaded, capsys):
    assert len(reloaded(0, -9, 1)) == 3

    told = capsys.readouterr().err
    assert told.index("The supervisor was stopped; starting it") < told.index("was killed")


def test_reload_leaves_a_burst_that_is_done(reloaded):
    assert len(reloaded(0, options=["--burst"])) == 1
