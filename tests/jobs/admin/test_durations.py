"""How a time span is written."""

import pytest

from jobs.templatetags.jobs_format import duration, rate, short_duration


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 ms"),
        (0.00025, "250 µs"),
        (0.0025, "2.5 ms"),
        (0.005, "5 ms"),
        (0.0201, "20 ms"),
        (0.85, "850 ms"),
        (2.5, "2.5 s"),
        (4.02, "4 s"),
        (42.4, "42 s"),
        (185, "3 min 5 s"),
        (7_440, "2 h 4 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_span_is_written_in_its_two_largest_units(seconds, written):
    assert duration(seconds) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.025, "25 ms"),
        (50, "50 s"),
        (100, "100 s"),
        (150, "2.5 min"),
        (7_020, "117 min"),
        (9_000, "2.5 h"),
        (200_000, "2.3 d"),
    ],
)
def test_span_in_one_unit_fits_beside_an_axis(seconds, written):
    assert short_duration(seconds) == written


def test_what_has_decimals_is_rounded():
    assert rate(100 * 800 / 3293) == "24.3"


def test_steps_of_an_axis_are_told_apart():
    assert [duration(n * 0.0025) for n in range(5)] == ["0 ms", "2.5 ms", "5 ms", "7.5 ms", "10 ms"]
