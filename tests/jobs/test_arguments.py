"""Arguments that JSON would lose or change are refused.

The error names the argument and a remedy.
"""

import datetime
import decimal
import enum
import uuid

import orjson
import pytest
from django.contrib.auth.models import User
from django.utils.safestring import mark_safe
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.arguments import check_arguments
from jobs.errors import InvalidArguments


class Color(enum.IntEnum):
    RED = 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(JSON, max_size=3), st.dictionaries(st.text(max_size=10), JSON, max_size=3))
def test_what_is_accepted_comes_back_unchanged(args, kwargs):
    check_arguments("Job", args, kwargs)

    assert orjson.loads(orjson.dumps([args, kwargs])) == [args, kwargs]


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        (User(pk=7), "primary key (value.pk)"),
        (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "value.isoformat()"),
        (datetime.date(2026, 1, 1), "value.isoformat()"),
        (datetime.time(1), "value.isoformat()"),
        (datetime.timedelta(1), "value.total_seconds()"),
        (decimal.Decimal(1), "str(value)"),
        (uuid.uuid4(), "str(value)"),
        (Color.RED, "value.value"),
        (b"bytes", "store it elsewhere"),
        ((1, 2), "pass a list"),
        ({1}, "sorted(value)"),
        (frozenset({1}), "sorted(value)"),
        (2**64, "pass str(value)"),
        (-(2**63) - 1, "pass str(value)"),
        (float("nan"), "None or a string"),
        (float("inf"), "None or a string"),
        ({1: 2}, "only strings as keys"),
        ({"\udc00": 2}, "no valid Unicode"),
        ("\ud800", "no valid Unicode"),
        (mark_safe("<b>"), "plain str"),
        (object(), "it is not JSON"),
        (len, "it is not JSON"),
        (range(3), "it is not JSON"),
    ],
)
def test_wrong_argument_is_named_with_a_remedy(value, remedy):
    with pytest.raises(InvalidArguments) as by_position:
        check_arguments("shop.OrderJob", [1, value], {})
    with pytest.raises(InvalidArguments) as by_name:
        check_arguments("shop.OrderJob", [], {"order": value})

    for raised, name in ((by_position, "argument 2"), (by_name, "argument 'order'")):
        assert str(raised.value).startswith("shop.OrderJob: ")
        assert name in str(raised.value)
        assert remedy in str(raised.value)
        str(raised.value).encode()


def test_value_deep_inside_is_named_by_its_path():
    with pytest.raises(InvalidArguments, match=r"argument 1\['lines'\]\[1\]\['at'\] is date"):
        check_arguments("Job", [{"lines": [1, {"at": datetime.date(2026, 1, 1)}]}], {})


def test_list_that_contains_itself_is_refused():
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(InvalidArguments, match="contains itself"):
        check_arguments("Job", [endless], {})


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ([1, b"needle"], {}),
        ([1, 2, b"needle"], {}),
        ([], {"api_key": b"needle"}),
        ([[{"token": [b"needle"]}]], {}),
        ([({"password": "needle"},)], {}),
    ],
)
def test_secret_is_not_quoted(args, kwargs):
    with pytest.raises(InvalidArguments, match=r"\[redacted\]") as raised:
        check_arguments("Job", args, kwargs, ("user", "secrets"))

    assert "needle" not in str(raised.value)


def test_long_value_is_shown_short():
    with pytest.raises(InvalidArguments) as raised:
        check_arguments("Job", [("x" * 10_000,)], {})

    assert len(str(raised.value)) < 300
