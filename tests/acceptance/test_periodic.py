"""Periodic jobs with real supervisors, some of which are killed."""

import os
import signal
from collections import Counter

import pytest

from jobs.inspect import get_reader
from jobs.store.schedule_records import read_schedules
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]
NAME = "acceptance.TickJob"


def ticks(runner):
    """Return each tick that was run, and how many were missed before it."""
    lines = [line.split() for line in runner.notes if line.startswith("tick ")]
    return [(int(at), int(missed)) for _, at, missed in lines]


def records():
    return [record for record in read_schedules(get_reader()) if record.name == NAME]


def test_three_supervisors_run_each_tick_once_while_some_are_killed(start, store, assert_sound):
    runners = [start("-q", "default", TEST_PERIODIC="1") for _ in range(3)]
    wait_until(lambda: len(ticks(runners[0])) >= 4, timeout=60)
    for _ in range(2):
        os.kill(runners.pop().pid, signal.SIGKILL)
        count = len(ticks(runners[0]))
        wait_until(lambda: len(ticks(runners[0])) >= count + 3, timeout=60)  # noqa: B023
        runners.append(start("-q", "default", TEST_PERIODIC="1"))
    count = len(ticks(runners[0]))
    wait_until(lambda: len(ticks(runners[0])) >= count + 3, timeout=60)
    for runner in runners:
        runner.stop()

    # A job whose worker lost its supervisor may run twice: at least once is what is promised.
    made = dict(ticks(runners[0]))
    first, last = min(made), max(made)
    assert sum(1 + missed for missed in made.values()) == last - first + 1 + made[first]
    assert Counter(at for at, _ in ticks(runners[0])).most_common(1)[0][1] <= 2
    assert_sound()


def test_ending_of_a_run_is_noted_and_pays_what_is_owed(start):
    runner = start("-q", "default", TEST_PERIODIC="1")

    wait_until(lambda: records() and records()[0].done is not None, timeout=30)

    [record] = records()
    assert "done" in {run.word for run in record.runs}
    assert runner.stop() == 0
