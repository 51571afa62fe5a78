"""Schedules under a wrong clock, far from Redis, and on the move."""

from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest

from jobs import Every
from jobs.errors import StoreUnavailable
from jobs.events import ScheduleReset
from jobs.features.periodic import CHORE
from jobs.features.periodic.clockwork import LONGEST_LOOK, Clockwork
from jobs.features.periodic.opening import PORTION
from jobs.inspect import get_reader
from jobs.store.bounded import time_limited
from jobs.store.schedule_records import read_schedules
from tests.jobs.delaying_proxy import delaying_proxy
from tests.jobs.features.periodic.stage import NAME, SimulatedStore
from tests.waiting import wait_until


def run_until(stage, seconds, *looks):
    while stage.time.passed < seconds:
        stage.time.passed += 0.25
        for look in looks:
            look()


def test_clock_that_is_set_back_keeps_no_schedule_waiting(stage):
    look = stage.supervisor(stage.entry(Every(timedelta(minutes=1), overlap="allow")))
    look()
    stage.time.ahead = 10_000
    # Another supervisor has fired by that clock.
    stage.q.client.hset(stage.q.keys.schedules, f"cursor:{NAME}", stage.time.ms)
    run_until(stage, 15, look)

    stage.time.ahead = 0
    run_until(stage, 200, look)

    assert len(stage.told(ScheduleReset)) == 1
    assert stage.ticks() == [60, 120, 180]


@pytest.mark.parametrize("cursor", [b"abc", b"nan", b"9" * 30])
def test_cursor_that_is_no_time_begins_anew(stage, cursor):
    look = stage.supervisor()
    look()
    stage.q.client.hset(stage.q.keys.schedules, f"cursor:{NAME}", cursor)
    run_until(stage, 8, look)

    assert stage.ticks()[-1] == 8


def test_new_code_owns_its_schedules_also_after_a_boot_of_the_future(stage):
    stage.time.ahead = 3_000
    stage.supervisor()()
    stage.time.ahead = 0
    stage.time.passed = 1
    new = stage.supervisor(stage.entry(Every(timedelta(seconds=5))), stage.entry(name="tests.New"))
    new()

    home = stage.desk.home()
    assert home.names == {NAME, "tests.New"}
    assert home.boot == (stage.time.start + 3_000) * 1000 + 1


def test_run_that_jitter_puts_off_is_not_missing(stage):
    entry = stage.entry(Every(timedelta(hours=1), jitter=timedelta(hours=2)))
    stage.supervisor(entry)()

    [record] = read_schedules(get_reader())
    assert record.next is not None
    assert record.late_at == record.next + (2 * 3600 + 600) * 1000


def test_rollback_of_a_move_that_died_between_loses_no_tick(stage):
    entry = stage.entry(Every(timedelta(seconds=1), overlap="allow"))
    stage.supervisor(entry)()
    stage.time.passed = 0.9
    stage.desk.close("q", NAME, stage.time.ms)  # and the new code died here
    stage.time.passed = 1.2
    run_until(stage, 4, stage.supervisor(entry))

    assert stage.ticks() == [1, 2, 3, 4]


def test_look_ends_soon_however_many_entries_have_missed_however_much(stage):
    entries = [stage.entry(name=f"tests.Job{n}") for n in range(20)]
    stage.supervisor(*entries)()
    ticks = count()

    def uptime():  # as if what comes between two looks at the clock took a while
        return stage.time.passed + next(ticks) * LONGEST_LOOK / 5

    look = stage.supervisor(*entries, uptime=uptime)
    look()
    stage.time.passed = 3_000
    look()
    assert 1 <= len(stage.ticks()) <= 5

    for _ in range(20):
        look()
    assert len(stage.ticks()) == 20


def test_many_entries_move_though_redis_is_far_away(stage):
    entries = [stage.entry(name=f"tests.Job{n}") for n in range(PORTION)]
    stage.supervisor(*entries)()
    stage.time.passed = 0.5
    moved = [stage.entry(name=entry.name, queue="r") for entry in entries]
    clockwork = Clockwork(lambda: moved, lambda: 0.0, lambda: stage.time.passed)
    with delaying_proxy(int(stage.url.rpartition(":")[2].partition("/")[0]), 0.02) as port:
        far = SimulatedStore(f"redis://127.0.0.1:{port}/0", stage.time)

        def have_moved():
            with suppress(StoreUnavailable), time_limited(CHORE.longest):
                clockwork.look(far)
            return set(stage.desk.home().queues.values()) == {"r"}

        wait_until(have_moved)
        far.close()
