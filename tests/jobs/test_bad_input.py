"""Bad input raises one clear error at the caller's line.

The error is short and comes after little work, whatever was handed in.
"""

import datetime
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import async_to_sync
from django.utils.translation import gettext_lazy

from jobs import InvalidArguments, InvalidJob, Job
from jobs.arguments import check_arguments
from tests.jobs.enqueued import payloads

HUGE = 10**100_000
LONGEST_MESSAGE = 700


def kind(value):
    """Return a short name for a parameter, since some are very long."""
    return type(value).__name__


class NoteJob(Job):
    def perform(self, value: object = None, **more: object) -> None:
        """Do nothing."""


class OpenJob(Job):
    def perform(self, /, **more: object) -> None:
        """Take arguments of any name."""


@dataclass
class Record:
    """Has a long text of its own."""

    values: list[int] = field(default_factory=lambda: list(range(100_000)))


class Rude:
    """Has no text at all."""

    def __repr__(self):
        raise RuntimeError("no text")


class Words(str):
    __slots__ = ()


class Items(list):
    pass


class Number(int):
    pass


class Ratio(float):
    pass


def nested(levels, width):
    """Return a list of the same list again and again.

    It stands for width**levels values.
    """
    value: list[object] = []
    for _ in range(levels):
        value = [value] * width
    return value


def endless():
    value: dict[str, object] = {}
    value["again"] = [value, value]
    return value


def refusal(*args, **kwargs):
    """Return the message of the error that these arguments raise.

    An enqueue raises it within little time.
    """
    started = time.process_time()
    with pytest.raises(InvalidArguments) as raised:
        NoteJob.enqueue(*args, **kwargs)
    # Unbounded it takes a minute and more; where coverage is measured all takes ten times as long.
    assert time.process_time() - started < (2 if sys.gettrace() is None else 40)
    message = str(raised.value)
    assert len(message) < LONGEST_MESSAGE
    message.encode()
    return message


# Values


@pytest.mark.parametrize(
    "place", [lambda v: v, lambda v: [1, v], lambda v: {"a": [v]}, lambda v: {v: 1}]
)
def test_integer_of_many_digits_is_not_written_out(place):
    by_position, by_name = refusal(place(HUGE)), refusal(value=place(HUGE))

    for message in (by_position, by_name):
        assert "int <of about 100,000 digits>" in message
        assert "pass str(value)" in message or "only strings as keys" in message


@pytest.mark.parametrize("value", [nested(24, 2), nested(8, 50), [nested(3, 200), 5]], ids=kind)
def test_shared_references_that_explode_are_refused_after_little_work(value):
    message = refusal(value)

    assert "more than 2,000,000 bytes" in message
    assert "Store the data elsewhere and pass its key" in message


def test_size_is_bounded_over_all_arguments(settings):
    settings.JOBS = {"MAX_PAYLOAD_BYTES": 10_000}

    with pytest.raises(InvalidArguments, match="more than 20,000 bytes"):
        check_arguments("NoteJob", ["é" * 8000, ["x" * 8000]], {"a": ["x" * 8000]})


def test_what_is_not_much_too_large_is_told_to_the_byte(settings):
    settings.JOBS = {"MAX_PAYLOAD_BYTES": 10_000}

    assert "the payload has 12," in refusal("x" * 12_000)


def test_shared_references_that_fit_are_accepted(store):
    NoteJob.enqueue(nested(5, 10))

    assert payloads(store)[0].args == [nested(5, 10)]


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        (b"x" * 5_000_000, "bytes"),
        (("x" * 5_000_000,), "tuple"),
        ({2: "x" * 5_000_000}, "int"),
        ([{"x" * 100_000: {1}}], "set"),
        (set(range(500_000)), "set"),
        (Words("x" * 5_000_000), "Words"),
        (Record(), "Record"),
        (Rude(), "Rude"),
        ([[[[{"a": (1,) * 100_000}]]]], "tuple"),
    ],
    ids=kind,
)
def test_long_value_makes_no_long_message(value, type_name):
    assert f"is {type_name}" in refusal(value)
    assert f"is {type_name}" in refusal(value=value)


@pytest.mark.parametrize("value", [endless(), nested(101, 1)], ids=kind)
def test_what_contains_itself_or_is_too_deep_is_refused(value):
    assert "contains itself" in refusal(value)


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        (Words("a"), "plain str"),
        (Items([1]), "pass list(value)"),
        (OrderedDict(a=1), "pass dict(value)"),
        (Number(1), "pass int(value)"),
        (Ratio(1), "pass float(value)"),
        (gettext_lazy("Queue"), "pass str(value)"),
        ({Words("a"): 1}, "only strings as keys"),
    ],
)
def test_subclass_is_refused_with_the_plain_type(value, remedy):
    assert remedy in refusal(value)


# Names


@pytest.mark.parametrize(
    "name", ["self", "cls", "args", "kwargs", "context", "run_after", "payload", "job_class"]
)
def test_argument_may_have_the_name_of_one_of_ours(store, name):
    OpenJob.enqueue(**{name: 1})
    OpenJob.using(queue="low").enqueue(**{name: 2})
    async_to_sync(partial(OpenJob.aenqueue, **{name: 3}))()
    OpenJob.enqueue_many([{name: 4}])
    OpenJob.perform_now(**{name: 5})

    assert [payload.kwargs for payload in payloads(store)] == [{name: 1}, {name: 3}, {name: 4}]


def test_argument_of_the_name_of_the_job_itself_is_refused(store):
    message = refusal(self=1)

    assert "perform(self, /, ...)" in message
    assert payloads(store) == []


@pytest.mark.parametrize("name", ["x" * 5_000_000, "\ud800"], ids=["long", "no text"])
def test_strange_name_of_an_argument(name):
    if len(name) == 1:
        assert "no valid Unicode" in refusal(**{name: 1})
    else:
        assert "more than" in refusal(**{name: 1})


class StrictJob(Job):
    def perform(self, value: int) -> None:
        """Do nothing."""


def test_unknown_argument_with_a_long_name_makes_no_long_message():
    with pytest.raises(InvalidArguments, match="unexpected keyword argument") as raised:
        StrictJob.enqueue(1, **{"x" * 1_000_000: 1})

    assert len(str(raised.value)) < LONGEST_MESSAGE


# Times


@pytest.mark.parametrize(
    "zone", [datetime.UTC, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati")]
)
@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime.max.replace(tzinfo=datetime.UTC),
        datetime.datetime.min.replace(tzinfo=datetime.UTC),
        datetime.datetime(1969, 12, 30, tzinfo=datetime.UTC),
        datetime.datetime(2300, 1, 1, tzinfo=datetime.UTC),
    ],
)
def test_moment_at_the_end_of_time_is_refused(moment, zone):
    with pytest.raises(
        InvalidArguments,
        match=r"NoteJob.using\(\): run_after is .* between 1970 and 100 years from now",
    ):
        NoteJob.using(run_after=moment.replace(tzinfo=zone))


@pytest.mark.parametrize(
    "duration", [timedelta(days=4_000_000), timedelta.max, timedelta(days=36_526)]
)
def test_duration_of_centuries_is_refused(duration):
    with pytest.raises(InvalidArguments, match=r"run_after is .* at most 100 years"):
        NoteJob.using(run_after=duration)
    for name in ("retry_for", "keep_result_for", "expires_in"):
        with pytest.raises(InvalidJob, match=f"{name}.* at most 100 years"):
            NoteJob.using(**{name: duration})


def test_job_of_the_far_future_is_kept_as_it_is(store):
    NoteJob.using(run_after=timedelta(days=36_525)).enqueue()

    [payload] = payloads(store)
    assert payload.run_after == pytest.approx(time.time() + 36_525 * 86_400, abs=10)


# Options


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("queue", 5),
        ("queue", "x" * 1_000_000),
        ("queue", ""),
        ("queue", "a\n"),
        ("priority", True),
        ("priority", 1.5),
        ("priority", 1000),
        ("priority", HUGE),
        ("max_retries", -HUGE),
        ("dead", [HUGE]),
        ("expires_in", "x" * 1_000_000),
        ("x" * 1_000_000, 1),
    ],
    ids=kind,
)
def test_wrong_option_is_refused_in_a_short_message(name, value):
    with pytest.raises(InvalidJob) as raised:
        NoteJob.using(**{name: value})

    assert name[:50] in str(raised.value)
    assert len(str(raised.value)) < LONGEST_MESSAGE


@pytest.mark.parametrize("commit", [5, ["on_commit"], {}, "x" * 1_000_000], ids=kind)
def test_wrong_commit_is_refused_in_a_short_message(commit):
    with pytest.raises(InvalidArguments, match="'on_commit' or 'immediate'") as raised:
        NoteJob.using(commit=commit)

    assert len(str(raised.value)) < LONGEST_MESSAGE


@pytest.mark.parametrize("run_after", [HUGE, "x" * 1_000_000, [1] * 1_000_000], ids=kind)
def test_wrong_type_of_time_is_refused_in_a_short_message(run_after):
    with pytest.raises(InvalidArguments, match="timedelta or an aware datetime") as raised:
        NoteJob.using(run_after=run_after)

    assert len(str(raised.value)) < LONGEST_MESSAGE


@pytest.mark.parametrize("batch_size", ["10", 1.5, None, True, [1], -HUGE], ids=kind)
def test_batch_size_that_is_no_number_is_refused(batch_size):
    with pytest.raises(InvalidArguments, match="batch_size must be at least 1") as raised:
        NoteJob.enqueue_many([["a"]], batch_size=batch_size)

    assert len(str(raised.value)) < LONGEST_MESSAGE


def test_batch_size_may_be_larger_than_memory(store):
    NoteJob.enqueue_many([["a"], ["b"]], batch_size=10**30)

    assert len(payloads(store)) == 2
