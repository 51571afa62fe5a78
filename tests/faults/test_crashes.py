"""Whoever is killed at whichever command: no unique key sticks, no tick is lost.

Some commands are tried here, all of them by `python -m tests.faults.crashes --all`.
"""

import pytest

from tests.faults.crashes import Crasher, all_crashes, planned
from tests.faults.rules import Kind

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]
#: Commands that move jobs and keys, and one of a heartbeat.
STRUCK = {"push_unique", "fetch", "fail", "finish", "fire", "renew", "open_schedule", "ZADD"}


def test_nothing_sticks_wherever_a_process_is_killed(redis_url):
    with Crasher(redis_url, lanes=4) as crasher:
        crashes = [crash for crash in planned(crasher, is_all=False) if crash.name in STRUCK]
        reports = list(crasher.run(crashes))

    bad = [(crash, report) for crash, report in reports if report.problems]
    found = [f"{crash}: {'; '.join(report.problems)}\n{report.log}" for crash, report in bad]
    assert not found, "\n".join(found)
    killed = {report.killed for _, report in reports}
    assert {"client", "worker", "supervisor"} <= killed


def test_all_means_before_and_after_every_command():
    crashes = set(all_crashes(["fetch"] * 50, at_client=True))

    assert len(crashes) == 100
    assert {crash.kind for crash in crashes} == {Kind.BEFORE, Kind.AFTER}
