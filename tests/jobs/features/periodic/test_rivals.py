"""Entries whose owner has not announced them, and never will."""

from datetime import timedelta

import pytest

from jobs import Every
from tests.jobs.features.periodic.test_kept_clockwork import override, run

OFTEN = Every(timedelta(seconds=3), overlap="allow")


def unannounced(stage, look):
    """Let a boot open its entries, and leave no trace in the home."""
    home = stage.q.store.shared.schedules
    before = stage.q.client.hgetall(home)
    look()
    stage.q.client.delete(home)
    stage.q.client.hset(home, mapping=before)


def ticks_after(stage, second):
    return [tick for tick in stage.ticks() if tick > second]


def test_entry_goes_on_when_redis_has_forgotten_its_override(stage):
    """A cluster failed over to an older copy, or somebody deleted the key."""
    look = stage.supervisor()
    run(stage, 2, look)
    override(stage, {"every": 7})
    run(stage, 30, look)
    stage.q.client.delete(stage.q.store.shared.schedules)

    run(stage, 140, look)

    assert ticks_after(stage, 130)[:9] == list(range(131, 140))


def test_entry_goes_on_when_a_newer_boot_ended_before_it_had_announced_it(stage):
    old = stage.supervisor()
    run(stage, 5, old)
    unannounced(stage, stage.supervisor(stage.entry(OFTEN)))

    run(stage, 50, old)
    assert ticks_after(stage, 8) == []
    run(stage, 140, old)
    assert ticks_after(stage, 130)[:9] == list(range(131, 140))


def test_entry_goes_on_though_who_announced_it_last_is_gone_too(stage):
    one, other = stage.supervisor(), stage.supervisor()
    run(stage, 5, one, other)
    unannounced(stage, stage.supervisor(stage.entry(OFTEN)))

    run(stage, 140, one)

    assert ticks_after(stage, 130)[:9] == list(range(131, 140))


@pytest.mark.parametrize("seconds", [20, 45, 60])
def test_newer_boot_that_announces_late_owns_its_entry(stage, seconds):
    """The older one has waited for a minute, and looks a moment after that."""
    old = stage.supervisor()
    run(stage, 5, old)
    new = stage.supervisor(stage.entry(OFTEN))
    unannounced(stage, new)

    run(stage, seconds, old)
    run(stage, 140, new)
    run(stage, 200, new, old)

    assert ticks_after(stage, 80)[:39] == list(range(81, 198, 3))


def test_time_in_which_redis_is_away_does_not_count(stage):
    breaks = False

    def old():
        if not breaks:
            look()

    look = stage.supervisor()
    run(stage, 5, old)
    new = stage.supervisor(stage.entry(OFTEN))
    unannounced(stage, new)
    run(stage, 50, old)
    breaks = True
    run(stage, 200, old)
    breaks = False
    run(stage, 203, old)
    run(stage, 260, old, new)

    assert ticks_after(stage, 230)[:9] == list(range(231, 258, 3))


def test_older_version_takes_nothing_from_a_newer_one(stage):
    """It has this entry as the newer one has it, and not the other."""
    old = stage.supervisor(stage.entry(), stage.entry(name="tests.OtherJob", queue="other"))
    run(stage, 2, old)
    other = stage.entry(OFTEN, name="tests.OtherJob", queue="other")
    new = stage.supervisor(stage.entry(), other)
    run(stage, 5, old, new)
    unannounced(stage, stage.supervisor(stage.entry(OFTEN)))
    boot = stage.desk.newest()[0]

    run(stage, 200, old)

    assert stage.desk.newest()[0] == boot


def test_supervisors_of_one_version_do_not_take_turns(stage):
    one, other = stage.supervisor(), stage.supervisor()
    run(stage, 5, one, other)
    unannounced(stage, stage.supervisor(stage.entry(OFTEN)))
    run(stage, 100, one, other)
    boot = stage.desk.newest()[0]

    run(stage, 300, one, other)

    assert stage.desk.newest()[0] == boot
    assert ticks_after(stage, 290)[:9] == list(range(291, 300))
