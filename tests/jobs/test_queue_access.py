"""The setting QUEUE_ACCESS: what names no function is reported before anybody looks."""

import pytest

from jobs.checks import check_settings
from jobs.conf import problems
from jobs.queue_access import may_see_queue


def yes(user, queue):
    return "yes"


NOT_A_FUNCTION = 7


def test_without_the_setting_everybody_may_see_every_queue():
    assert may_see_queue(None, "any")


def test_what_the_function_returns_counts_as_yes_or_no(settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": f"{__name__}.yes"}

    assert may_see_queue(None, "any") is True


@pytest.mark.parametrize("path", ["no.such.function", f"{__name__}.NOT_A_FUNCTION", "x"])
def test_a_path_to_nothing_is_an_error_of_the_system_check(settings, path):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": path}

    [error] = check_settings(None)

    assert error.id == "jobs.E002"
    assert path in error.msg


@pytest.mark.parametrize("value", [None, 7, yes])
def test_the_path_must_be_a_text(value):
    assert "QUEUE_ACCESS" in problems({"QUEUE_ACCESS": value})[0]
