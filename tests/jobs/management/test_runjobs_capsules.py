"""Which capsules `runjobs` serves: by the command line, the environment and the settings."""

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.management.commands import runjobs

CAPSULES = {"CAPSULES": ["payments:1", "high=5,low=1:10x2"]}
NOTHING = {"capsule": None, "queue": None, "concurrency": None, "processes": None}


def plans_of(environment=None, **options):
    return runjobs._plans({**NOTHING, **options}, environment or {}, get_settings())


@override_settings(JOBS={"CONCURRENCY": 7, "PROCESSES": 2})
def test_without_capsules_all_queues_share_all_threads():
    [plan] = plans_of(queue=["high,5", "low,1"])

    assert plan.queues == ("high", "low")
    assert (plan.settings.concurrency, plan.settings.processes) == (7, 2)
    assert not plan.is_serial


@override_settings(JOBS={"CONCURRENCY": 1})
def test_one_thread_that_is_no_capsule_is_not_serial():
    [plan] = plans_of()

    assert not plan.is_serial
    assert plan.settings.async_concurrency == 100


@override_settings(JOBS=CAPSULES)
def test_each_capsule_has_threads_and_processes_of_its_own():
    payments, others = plans_of()

    assert (payments.queues, payments.settings.concurrency) == (("payments",), 1)
    assert payments.is_serial
    assert payments.settings.async_concurrency == 1
    assert (others.queues, others.queue_order.weights) == (("high", "low"), (5, 1))
    assert (others.settings.concurrency, others.settings.processes) == (10, 2)
    assert not others.is_serial
    assert others.settings.async_concurrency == 100


@override_settings(JOBS=CAPSULES)
def test_command_line_beats_the_capsules_of_the_settings():
    assert [plan.queues for plan in plans_of(queue=["low"])] == [("low",)]
    assert [plan.queues for plan in plans_of(capsule=["low:3"])] == [("low",)]


@override_settings(JOBS={"QUEUES": ["high"], "CONCURRENCY": 3})
def test_capsules_of_the_command_line_beat_the_environment():
    [plan] = plans_of({"JOBS_CONCURRENCY": "8"}, capsule=["low:2"])

    assert plan.settings.concurrency == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--capsule", "a:1", "-q", "b"], "-q and --capsule cannot be used together"),
        (["--capsule", "a:1", "-c", "3"], "--concurrency says nothing to capsules"),
        (["--capsule", "a:1", "-p", "2"], "leave it out and write a:5x2"),
        (["--capsule", "a:0"], "has '0' threads"),
        (["--capsule", "a:1", "--capsule", "a:2"], "Queue a stands twice"),
        (["--capsule", "no name:1"], "'no name', which is no queue"),
    ],
)
def test_wrong_capsules_end_the_command_before_it_begins(arguments, message):
    with pytest.raises(CommandError) as refused:
        call_command("runjobs", *arguments)

    assert message.lower() in str(refused.value).lower()


@override_settings(JOBS=CAPSULES)
@pytest.mark.parametrize("variable", ["JOBS_CONCURRENCY", "JOBS_PROCESSES"])
def test_number_in_the_environment_that_no_capsule_heeds_is_refused(variable):
    with pytest.raises(ConfigurationError, match=f"{variable} says nothing to capsules"):
        plans_of({variable: "4"})
