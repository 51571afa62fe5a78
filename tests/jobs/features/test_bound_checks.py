"""A wrong QUEUE_LIMITS says what to write instead."""

import pytest
from django.core.checks import run_checks

from jobs import Job
from jobs.conf import problems
from jobs.features.bounds.checks import check_bounds


class ImportJob(Job):
    queue = "bound-imports"

    def perform(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (["imports"], "JOBS['QUEUE_LIMITS'] must be a dictionary of queues and their limits such"),
        (10_000, "must be a dictionary"),
        ({"imports": 0}, "JOBS['QUEUE_LIMITS']['imports'] must be a whole number of at least 1"),
        ({"imports": -1}, "not -1. To have no limit, leave 'imports' out"),
        ({"imports": True}, "not True"),
        ({"imports": 1.5}, "not 1.5"),
        ({"imports": "10"}, "not '10'"),
        ({"imports": None}, "not None"),
        ({"two words": 1}, "JOBS['QUEUE_LIMITS'] names 'two words', which is no name of a queue"),
        ({"imports,5": 1}, "names 'imports,5'"),
        ({7: 1}, "names 7"),
        ({"x" * 5_000: 1}, "which is no name of a queue"),
        ({"imports": "9" * 5_000}, "must be a whole number"),
    ],
)
def test_wrong_limits(limits, said):
    [problem] = problems({"QUEUE_LIMITS": limits})

    assert said in problem
    assert len(problem) < 400


def test_good_limits():
    assert problems({"QUEUE_LIMITS": {"imports": 10_000, "mail.out-1": 1}}) == []
    assert problems({"QUEUE_LIMITS": {}}) == []


@pytest.mark.parametrize("key", ["QUEUE_LIMIT", "QUEUES_LIMITS", "queue_limits"])
def test_misspelt_setting_is_told_its_name(key):
    [problem] = problems({key: {}})

    assert "Did you mean 'QUEUE_LIMITS'?" in problem


def test_limit_of_a_queue_that_nothing_names_is_likely_to_be_misspelt(settings):
    limits = {"bound-import": 5, "bound-imports": 5, settings.JOBS.get("QUEUES", ["default"])[0]: 5}
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": limits}

    [warning] = check_bounds(None)

    assert warning.id == "jobs.W005"
    assert "names the queue 'bound-import', but neither" in warning.msg
    assert warning.hint.startswith("Did you mean 'bound-imports'? ")
    assert warning in run_checks(tags=["jobs"])


def test_wrong_settings_are_told_by_another_check(settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": 3}

    assert check_bounds(None) == []
    assert [error.id for error in run_checks(tags=["jobs"])] == ["jobs.E001"]
