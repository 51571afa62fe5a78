"""Times: every number becomes a datetime that every time zone can be applied to."""

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.moment import EARLIEST, LATEST, moment, seconds_of


def test_a_time_is_itself():
    assert moment(1_764_000_000.5) == datetime(2025, 11, 24, 16, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [math.inf, 1e300, 253_402_300_800, 10**400])
def test_what_is_too_late_is_the_latest(seconds):
    assert moment(seconds) == LATEST


@pytest.mark.parametrize("seconds", [-math.inf, -1e300, -62_135_596_801, -(10**400)])
def test_what_is_too_early_is_the_earliest(seconds):
    assert moment(seconds) == EARLIEST


def test_no_number_is_1970():
    assert moment(math.nan) == datetime(1970, 1, 1, tzinfo=UTC)


def test_every_time_zone_can_be_applied_to_both_ends():
    for name in available_timezones():
        moment(math.inf).astimezone(ZoneInfo(name))
        moment(-math.inf).astimezone(ZoneInfo(name))


@given(st.floats())
def test_no_number_raises(seconds):
    assert EARLIEST <= moment(seconds) <= LATEST


@pytest.mark.parametrize(("value", "seconds"), [(7, 7.0), ("7.5", 7.5), (0, 0.0), (-1.0, -1.0)])
def test_times_are_found_in_numbers_and_texts(value, seconds):
    assert seconds_of(value) == seconds


@pytest.mark.parametrize(
    "value", [None, True, "", "x", "nan", math.inf, 1e300, 10**400, [], {}, b"7"]
)
def test_everything_else_is_no_time(value):
    assert seconds_of(value) is None
