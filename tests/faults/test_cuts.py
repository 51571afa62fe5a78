"""A connection that breaks at any command costs nothing.

A spread of commands is tried here, all of them by `python -m tests.faults.cuts --all`.
"""

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.faults.cuts import Cut, CutTally, Cutter, all_cuts, planned, spread
from tests.faults.nursery import ROOT
from tests.faults.rules import Kind, script_names
from tests.faults.scenario import Report

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


@pytest.mark.parametrize(
    ("harm", "log", "proves_nothing"),
    [
        ({"others": ["leases left"]}, "WARNING worker.silent", True),
        ({"others": ["leases left"]}, "worker.quiet", False),
        ({"others": ["leases left"], "lost": ["a job"]}, "worker.silent", False),
        ({"others": ["leases left"], "duplicates": ["a job"]}, "worker.silent", False),
        ({"broken": ["a job"]}, "worker.silent", False),
        ({}, "worker.silent", False),
    ],
)
def test_run_on_a_machine_without_time_proves_nothing_unless_it_did_harm(harm, log, proves_nothing):
    assert Report(**harm, log=log).proves_nothing is proves_nothing


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
