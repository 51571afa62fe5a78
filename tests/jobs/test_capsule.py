"""Capsules: what can be written, and a sentence for everything that is wrong."""

import pytest

from jobs.capsule import Capsule, parse_capsules
from jobs.conf import load, problems
from jobs.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("payments:1", Capsule(("payments",), 1)),
        ("default,low:10", Capsule(("default", "low"), 10)),
        ("high=5,low=1:3", Capsule(("high,5", "low,1"), 3)),
        ("mail:4x2", Capsule(("mail",), 4, 2)),
    ],
)
def test_capsule_says_its_queues_threads_and_processes(text, expected):
    assert Capsule.parse(text) == expected


def test_only_one_thread_of_one_process_is_serial():
    capsules = [Capsule.parse(text) for text in ("a:1", "a:1x1", "a:1x2", "a:2")]

    assert [capsule.is_serial for capsule in capsules] == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("payments", "'payments' does not say how many threads"),
        ("payments:10000", "a whole number from 1 to 9,999"),
        ("payments:0", "has '0' threads. It must be a whole number from 1 to 9,999"),
        ("payments:", "'payments:' does not say how many threads"),
        ("payments:x", "'payments:x' does not say how many threads"),
        ("payments:many", "has 'many' threads"),
        ("payments:²", "has '²' threads"),
        ("payments:" + "9" * 5000, "threads. It must be a whole number"),
        ("payments:2x0", "has '0' processes"),
        ("payments:2x", "has '' processes"),
        (":1", "names '', which is no queue"),
        ("pay ments:1", "names 'pay ments', which is no queue"),
        ("high,:1", "names '', which is no queue"),
        ("high=0:1", "has '0' as the weight of a queue"),
        ("high=5,low:1", "gives some of its queues a weight and others none"),
    ],
)
def test_what_is_no_capsule_is_refused_with_what_to_write(text, message):
    with pytest.raises(ConfigurationError) as refused:
        Capsule.parse(text)

    assert message in str(refused.value)
    assert "write" in str(refused.value) or "Give each a weight" in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("texts", [["a:1", "b,a:2"], ["a,a:1"], ["a=1:1", "a=2:1"]])
def test_queue_stands_in_one_capsule_once(texts):
    with pytest.raises(ConfigurationError, match="Queue a stands twice in the capsules"):
        parse_capsules(texts)


def test_capsules_name_the_queues_that_are_served_instead_of_the_other_setting():
    assert load({"QUEUES": ["high,5", "low,1"]}).served_queues == ["high", "low"]
    capsules = load({"CAPSULES": ["payments:1", "high=2,low=1:4"]})
    assert capsules.served_queues == ["payments", "high", "low"]


def test_setting_becomes_a_tuple_and_is_empty_by_default():
    assert load({}).capsules == ()
    assert load({"CAPSULES": ["payments:1"]}).capsules == ("payments:1",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"CAPSULES": "payments:1"}, "JOBS['CAPSULES'] must be a list such as ['payments:1']"),
        ({"CAPSULES": [1]}, "JOBS['CAPSULES'] must be a list"),
        ({"CAPSULES": ["payments:0"]}, "JOBS['CAPSULES']: The capsule 'payments:0' has '0'"),
        ({"CAPSULES": ["a:1", "a:2"]}, "JOBS['CAPSULES']: Queue a stands twice"),
        ({"CAPSULES": ["a:1"], "QUEUES": ["a"]}, "JOBS has QUEUES and CAPSULES."),
    ],
)
def test_wrong_setting_is_named(values, message):
    [problem] = problems(values)

    assert problem.startswith(message)
