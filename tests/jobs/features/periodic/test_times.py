"""The ticks of `Cron` and `Every`.

A table written by hand has the days on which clocks change.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings

from jobs import Cron, Every, InvalidJob
from jobs.features.periodic.times import MOST_MISSED, Due

#: Zone, expression, where to begin, and the ticks that follow, as offsets from UTC say them.
#: In 2026 Berlin springs on 29 March at 02:00 and falls back on 25 October at 03:00; New York on
#: 8 March at 02:00 and 1 November at 02:00; Lord Howe, by half an hour, falls back on 5 April at
#: 02:00 and springs on 4 October at 02:00; in Sao Paulo the clocks have not changed since 2019.
TABLE = [
    # A time that is jumped over comes right after the jump, and once.
    (
        *("Europe/Berlin", "30 2 * * *", "2026-03-28T00:00+01:00"),
        *("2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"),
    ),
    # A time that comes twice is used at its first.
    (
        *("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00+02:00"),
        *("2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
    ),
    # Whoever begins in the second of the two hours waits for the next day.
    (
        *("Europe/Berlin", "30 2 * * *", "2026-10-25T02:15+01:00"),
        *("2026-10-26T02:30+01:00", "2026-10-27T02:30+01:00"),
    ),
    # What comes every hour goes on every hour.
    (
        *("Europe/Berlin", "0 * * * *", "2026-10-25T01:30+02:00"),
        *("2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"),
    ),
    (
        *("Europe/Berlin", "0 * * * *", "2026-03-29T00:30+01:00"),
        *("2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"),
    ),
    (
        *("America/New_York", "30 2 * * *", "2026-03-07T12:00-05:00"),
        *("2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"),
    ),
    (
        *("America/New_York", "30 1 * * *", "2026-10-31T12:00-04:00"),
        *("2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"),
    ),
    (
        *("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00+10:30"),
        *("2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"),
    ),
    (
        *("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T12:00+11:00"),
        *("2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"),
    ),
    (
        *("America/Sao_Paulo", "30 0 * * *", "2026-10-17T12:00-03:00"),
        *("2026-10-18T00:30-03:00", "2026-10-19T00:30-03:00"),
    ),
]


def ms(text):
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("name", "expression", "start", "wanted"), [(*r[:3], r[3:]) for r in TABLE]
)
def test_ticks_around_a_change_of_the_clocks(name, expression, start, wanted):
    cron, at, found = Cron(expression, timezone=name), ms(start), []
    for _ in wanted:
        at = cron.next_after(at) or 0
        found.append(
            datetime.fromtimestamp(at / 1000, ZoneInfo(name)).isoformat(timespec="minutes")
        )

    assert found == list(wanted)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-06-01"])
@pytest.mark.parametrize(
    "expression", ["30 2 * * *", "*/20 1-3 * * *", "0 3 * * *", "15 */2 * * *"]
)
def test_latest_tick_is_the_one_that_counting_forward_finds(day, expression):
    cron = Cron(expression, timezone="Europe/Berlin")
    start = ms(f"{day}T00:00+00:00") - 12 * 3_600_000
    for minute in range(0, 36 * 60, 7):
        now = start + minute * 60_000
        at, latest = start - 48 * 3_600_000, None
        while (at := cron.next_after(at)) <= now:
            latest = at

        assert cron.latest(now) == latest, datetime.fromtimestamp(now / 1000, UTC)


def test_tick_itself_is_not_after_itself():
    cron = Cron("* * * * *", timezone="UTC")
    tick = ms("2026-01-01T00:01+00:00")

    assert cron.next_after(tick - 1) == tick
    assert cron.next_after(tick) == tick + 60_000
    assert cron.latest(tick) == tick
    assert cron.latest(tick - 1) == tick - 60_000


def test_nicknames_are_expressions():
    at = ms("2026-01-01T00:00+00:00")

    assert Cron("@daily", timezone="UTC").next_after(at) == ms("2026-01-02T00:00+00:00")
    assert Cron("@Hourly", timezone="UTC").next_after(at) == ms("2026-01-01T01:00+00:00")


def test_no_zone_lets_the_search_go_round_in_circles():
    """On Chatham, clocks go back from 03:45 to 02:45.

    So a full hour comes in the middle of what comes twice.
    """
    cron = Cron("* */3 * * *", timezone="Pacific/Chatham")

    assert cron.next_after(ms("2027-04-04T03:44+13:45")) == ms("2027-04-04T03:01+12:45")
    every_other = Cron("0,30 */2 * * *", timezone="Pacific/Chatham")
    found = every_other.latest(ms("2027-04-04T03:30+12:45"))
    assert ms("2027-04-04T02:30+13:45") <= found <= ms("2027-04-04T03:30+12:45")


def test_zone_of_the_project_is_the_default():
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        assert Cron("0 3 * * *").timezone == "Asia/Tokyo"


def test_every_is_aligned_to_the_epoch():
    every = Every(timedelta(minutes=5))

    assert every.next_after(ms("2026-01-01T00:02:30+00:00")) == ms("2026-01-01T00:05+00:00")
    assert every.next_after(ms("2026-01-01T00:05+00:00")) == ms("2026-01-01T00:10+00:00")
    assert every.latest(ms("2026-01-01T00:09:59+00:00")) == ms("2026-01-01T00:05+00:00")


@pytest.mark.parametrize(
    "schedule", [Every(timedelta(minutes=1)), Cron("* * * * *", timezone="UTC")]
)
def test_latest_missed_tick_is_due_and_the_others_are_counted(schedule):
    start = ms("2026-01-01T00:00+00:00")

    assert schedule.due(start, start + 59_999) is None
    assert schedule.due(start, start + 60_000) == Due(start + 60_000, 0)
    assert schedule.due(start, start + 5 * 60_000 + 1) == Due(start + 5 * 60_000, 4)
    week = start + 7 * 86_400_000
    assert schedule.due(start, week + 1) == Due(week, MOST_MISSED)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Cron("30 25 * * *"), "second field is the hour, and '25' is none"),
        (lambda: Cron("30 2 * *"), "has 4 fields. Write five"),
        (lambda: Cron("*/10 * * * * *"), "Every"),
        (lambda: Cron("0 0 30 2 *"), "'30', never comes in the month, '2'"),
        (lambda: Cron("0 0 * * 1#6"), "fifth field is the weekday, and '1#6' is none"),
        (lambda: Cron(5), "no cron expression"),
        (lambda: Cron("@reboot"), "no '@reboot'. The short names are @yearly"),
        (lambda: Cron("0 3 * * *", timezone="Europe/Bärlin"), "no time zone"),
        (lambda: Cron("0 3 * * *", timezone="../Europe/Berlin"), "no time zone"),
        (lambda: Cron("0 3 * * *", timezone="Europe"), "no time zone"),
        (lambda: Cron("0 3 * * *", timezone=["UTC"]), "no time zone"),
        (lambda: Cron("0 3 * * *", overlap="queue"), "'skip', 'one_waiting'"),
        (lambda: Cron("0 3 * * *", catch_up=3600), "catch_up must be a timedelta"),
        (lambda: Cron("0 3 * * *", jitter=timedelta(-1)), "jitter must be a timedelta"),
        (lambda: Cron("0 3 * * *", args="ab"), "args must be a list"),
        (lambda: Every(300), "period must be a timedelta"),
        (lambda: Every(timedelta(0)), "at least one"),
        (lambda: Every(timedelta(milliseconds=1500)), "whole seconds"),
    ],
)
def test_what_is_wrong_is_said_where_it_is_written(make, words):
    with pytest.raises(InvalidJob, match=words):
        make()


@pytest.mark.parametrize("name", ["UTC", "Etc/GMT+1", "America/Argentina/Buenos_Aires", "CET"])
def test_zones_of_all_kinds_of_names_exist(name):
    assert Cron("0 3 * * *", timezone=name).next_after(0) is not None
