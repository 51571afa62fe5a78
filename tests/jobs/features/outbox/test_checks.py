"""What the system checks say of an outbox, and what the setting may be."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from jobs.conf import problems
from jobs.features.outbox.checks import check_outbox, check_rows
from jobs.models import OutboxEntry
from jobs.outbox import aliases
from tests.jobs.features.outbox.stage import fail_to_push


@pytest.mark.parametrize("value", [True, False, "default", ["default", "other"], ("default",)])
def test_setting_is_a_yes_or_databases(value):
    assert problems({"OUTBOX": value}) == []


@pytest.mark.parametrize("value", [None, 1, "", [], [""], [1], {"default"}])
def test_anything_else_is_refused(value):
    [problem] = problems({"OUTBOX": value})

    assert problem.startswith("JOBS['OUTBOX'] must be True, False, the alias of a database")


def test_databases_are_those_of_the_setting(settings):
    assert aliases() == ("default",)

    settings.JOBS = {**settings.JOBS, "OUTBOX": ["default", "fake_services"]}
    assert aliases() == ("default", "fake_services")


def test_outbox_that_can_work_passes():
    assert check_outbox(None) == []


def test_database_that_there_is_not_is_an_error(settings):
    settings.JOBS = {**settings.JOBS, "OUTBOX": "nowhere"}

    [error] = check_outbox(None)

    assert (error.id, "'nowhere'" in error.msg) == ("jobs.E008", True)
    with pytest.raises(SystemCheckError, match="nowhere"):
        call_command("check", tags=["jobs"])


def test_immediate_pushes_go_past_it_which_is_an_error(settings):
    settings.JOBS = {**settings.JOBS, "ENQUEUE": "immediate"}

    [error] = check_outbox(None)

    assert (error.id, "go past it" in error.msg) == ("jobs.E008", True)


def test_rows_of_a_database_that_is_named_no_more_are_told(settings):
    fail_to_push(1)
    settings.JOBS = {**settings.JOBS, "OUTBOX": "fake_services"}

    [warning] = check_rows(None, databases=["default"])

    assert (warning.id, "'default'" in warning.msg) == ("jobs.W008", True)


def test_rows_that_nobody_sweeps_are_told(settings):
    fail_to_push(1)
    assert check_rows(None, databases=["default"]) == []

    settings.JOBS = {**settings.JOBS, "OUTBOX": False}
    [warning] = check_rows(None, databases=["default"])
    assert warning.id == "jobs.W008"
    assert check_rows(None) == []

    OutboxEntry.objects.all().delete()
    assert check_rows(None, databases=["default"]) == []
