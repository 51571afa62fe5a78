"""A connection that breaks at any command costs nothing.

A spread of commands is tried here, all of them by `python -m tests.faults.cuts --all`.
"""

import os
import subprocess
import sys
import time
from collections import Counter

import pytest
import redis

from tests.faults.cuts import Cut, CutTally, Cutter, all_cuts, planned, spread
from tests.faults.nursery import ROOT
from tests.faults.rules import Kind, script_names
from tests.faults.scenario import Report
from tests.faults.stalls import Stalls
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]
SCRIPTS = frozenset(script_names().values())


@pytest.fixture
def cutter(redis_url):
    with Cutter(redis_url, lanes=4) as cutter:
        yield cutter


def test_scenario_goes_well_wherever_the_connection_breaks(cutter):
    _, cuts = planned(cutter, is_all=False)

    reports = list(cutter.run(cuts))

    bad = [(cut, report) for cut, report in reports if report.problems]
    found = [f"{cut}: {'; '.join(report.problems)}\n{report.log}" for cut, report in bad]
    assert not found, "\n".join(found)
    struck = Counter(cut.kind for cut, report in reports if report.struck in SCRIPTS)
    tried = Counter(cut.kind for cut in cuts if cut.name in SCRIPTS)
    assert all(struck[kind] >= 0.7 * tried[kind] > 0 for kind in Kind), (struck, tried)


class Staged(Cutter):
    """Plays what is written here."""

    reports: list[Report]
    stall = 0.0

    def _play(self, rule):
        if self.stall:
            self._stalls._gaps.append((time.monotonic(), self.stall))
        return self.reports.pop(0)


LEFT = {"others": ["leases left"]}


@pytest.mark.parametrize(
    ("harm", "log", "stall", "is_played_again"),
    [
        (LEFT, "WARNING worker.silent", 0.0, True),
        (LEFT, "worker.quiet", 2.0, True),
        (LEFT, "worker.quiet", 0.0, False),
        (LEFT | {"lost": ["a job"]}, "worker.silent", 2.0, False),
        (LEFT | {"duplicates": ["a job"]}, "worker.silent", 2.0, False),
        ({"broken": ["a job"]}, "worker.silent", 2.0, False),
        ({}, "worker.silent", 2.0, False),
    ],
)
def test_run_on_a_machine_without_time_is_played_again_unless_it_did_harm(
    redis_url, harm, log, stall, is_played_again
):
    first, last = Report(**harm, log=log), Report(**LEFT)
    with Staged(redis_url, lanes=1) as cutter:
        cutter.reports, cutter.stall = [first, first, last], stall
        assert cutter.play(Cut(1, Kind.AFTER, "fetch")) is (last if is_played_again else first)


def test_server_that_stands_still_is_seen(redis_url):
    stalls, began = Stalls(redis_url), time.monotonic()
    with redis.Redis.from_url(redis_url) as client:
        client.client_pause(400, all=True)
    wait_until(lambda: stalls.longest_since(began) > 0.3)

    assert stalls.longest_since(time.monotonic() + 60) == 0.0
    stalls.end()


def test_drill_by_command_enqueues_with_the_settings_of_the_drills():
    lines = (
        "from tests.faults.nursery import stand_alone",
        "stand_alone()",
        "from jobs.bounds import bounding",
        "import jobs.features",
        "print(dict(bounding.bounds()))",
    )
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}

    told = subprocess.check_output(
        [sys.executable, "-c", "\n".join(lines)], cwd=ROOT, env=environment, text=True
    )

    assert told.strip() == "{}"


def test_spread_cuts_each_script_in_every_way_and_each_other_command_in_one():
    cuts = spread(["fetch", "BLPOP", *["fetch"] * 9, "SADD", "SADD", "SADD"])

    assert {(cut.number, cut.kind) for cut in cuts if cut.name == "fetch"} == {
        (1, Kind.BEFORE),
        (4, Kind.AFTER),
        (7, Kind.MIDDLE),
        (10, Kind.LATE),
    }
    assert [(cut.number, cut.name) for cut in cuts if cut.name != "fetch"] == [
        (1, "BLPOP"),
        (2, "SADD"),
    ]


def test_all_means_every_kind_at_every_command():
    assert len(set(all_cuts(["fetch"] * 100))) == 400


def test_drill_tells_each_problem_and_fails_with_it(capsys):
    good, bad = CutTally(), CutTally()
    for tally in (good, bad):
        tally.add(Cut(1, Kind.LATE, "fetch"), Report(struck="fetch"))
    bad.add(Cut(2, Kind.AFTER), Report(lost=["a job"]))

    assert (good.finish(), bad.finish()) == (0, 1)

    said = capsys.readouterr().out
    assert "after command 2 (nothing): lost: a job\n" in said
    assert "\n" + " " * 20 + "   before    after   middle     late\n" in said
    assert "\nfetch                       0        0        0        1\n" in said
    assert "\n      1  runs in which the command did not come\n" in said
    assert "\n      1  lost\n" in said
