"""Supervisors that fire what people keep in the database, or have overridden."""

import json
import random
from datetime import timedelta

import pytest

from jobs import Every
from jobs.inspect import get_reader
from jobs.payload import decode
from jobs.store.kept_schedules import KeptSchedules
from jobs.store.schedule_records import read_schedules
from tests.jobs.features.periodic.kept_jobs import CLASS, NAME, PRIVATE
from tests.jobs.features.periodic.stage import NAME as OF_CODE
from tests.jobs.store.sample_queue import SampleQueue

OTHER = "tests.OtherJob"


@pytest.fixture
def keep(stage):
    """Return a function that mirrors a row at the time of the stage."""
    home = stage.q.store.shared.schedules

    def keep(name=NAME, *, is_on=True, is_gone=False, **changes):
        fields = {"args": '["hello"]', "kwargs": "{}", "queue": "q", "overlap": "allow"}
        durations = {"catch_up": 3600, "jitter": 0, "margin": 0}
        document = json.dumps(fields | durations | {"every": 1} | changes)
        revision = stage.time.ms
        text = f"{revision} {'on' if is_on else 'off'} {document}"
        if is_gone:
            stage.q.client.hdel(home, f"kept:{name}")
        else:
            stage.q.client.hset(home, f"kept:{name}", text)
        stage.q.client.hset(home, "generation", revision)

    return keep


def supervisor(stage):
    return stage.supervisor(stage.entry(Every(timedelta(days=300)), name=OTHER, queue="other"))


def run(stage, until, *looks):
    while stage.time.passed < until:
        stage.time.passed += 0.25
        for look in looks:
            look()


@pytest.fixture
def ticking(stage, keep):
    """Return the look of a supervisor that fired the entry, and its ticks."""
    keep()
    look = supervisor(stage)
    run(stage, 3, look)
    assert stage.ticks()[:2] == [1, 2]
    return look, stage.ticks()


def record():
    return {each.name: each for each in read_schedules(get_reader())}.get(NAME)


def in_queue(stage, queue):
    return len(SampleQueue(stage.q.store, queue).payloads())


def occasions_in(stage, *queues):
    """Return why the jobs of the entry were made."""
    both = [SampleQueue(stage.q.store, queue) for queue in queues]
    payloads = [decode(q.payload(job_id)) for q in both for job_id in q.payloads()]
    occasions = [payload.context["schedule"] for payload in payloads]
    return [each for each in occasions if each["name"] == NAME]


def test_entry_of_the_database_is_fired_with_its_arguments(stage, keep):
    keep()
    run(stage, 5, supervisor(stage))

    assert stage.ticks() == [1, 2, 3, 4] or stage.ticks() == [1, 2, 3, 4, 5]
    payload = decode(stage.q.payload(stage.q.ids("ready")[0]))
    assert (payload.job_class, payload.args) == (CLASS, ["hello"])
    assert payload.context["schedule"]["name"] == NAME
    assert stage.desk.home().queues[NAME] == "q"


def test_entry_that_is_made_while_supervisors_run_loses_no_tick_until_they_see_it(stage, keep):
    look = supervisor(stage)
    run(stage, 5, look)
    keep(every=2)
    run(stage, 21, look)

    payloads = [decode(stage.q.payload(each)) for each in stage.q.payloads()]
    missed = sum(each.context["schedule"].get("missed", 0) for each in payloads)
    assert len(payloads) + missed == 8  # 6, 8, … 20
    assert stage.ticks()[-1] == 20


@pytest.mark.parametrize("seed", range(3))
def test_supervisors_of_two_versions_neither_double_nor_lose_ticks(stage, keep, seed):
    """They start in turn, answers are lost, and the entry moves between queues."""
    chance = random.Random(seed)
    random.seed(seed)
    keep()
    looks = [stage.supervisor(breaks=0.03) for _ in range(3)]
    for number, queue in enumerate(["q", "r", "q", "r"]):
        keep(queue=queue, margin=number)
        until = stage.time.passed + 30
        while stage.time.passed < until:
            if chance.random() < 0.02:
                looks[chance.randrange(3)] = stage.supervisor(breaks=0.03)
            stage.time.passed += 0.25
            for look in looks:
                if chance.random() < 0.8:
                    look()

    occasions = occasions_in(stage, "q", "r")
    ticks = [round(each["at"] - stage.time.start) for each in occasions]
    counted = sum(1 + each.get("missed", 0) for each in occasions)
    assert len(ticks) == len(set(ticks))
    assert counted == max(ticks)
    assert max(ticks) >= 115


def test_entry_of_an_unmarked_or_unknown_class_rests(stage, keep):
    for name in (f"{PRIVATE}:db.nightly", "tests.NoJob:db.nightly"):
        keep(name, args="[]")
    run(stage, 5, supervisor(stage))

    assert stage.ticks() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"cron": "61 * * * *", "timezone": "UTC", "every": None},
        {"args": "[1, 2, 3]"},
        {"args": "["},
        {"args": '{"a": 1}'},
        {"queue": "no queue"},
        {"overlap": "never"},
        {"every": "x"},
        {"every": 1e300},
        {"catch_up": -1},
    ],
)
def test_entry_that_cannot_be_read_stops_no_other(stage, keep, changes):
    keep(f"{CLASS}:db.bad", **changes)
    keep()
    run(stage, 3, supervisor(stage))

    assert stage.ticks()[:2] == [1, 2]


def test_entry_whose_class_the_newest_code_lets_nobody_schedule_rests(stage, ticking):
    look, before = ticking
    stage.desk.announce(stage.time.ms, [(OTHER, "other", "")])
    run(stage, 8, look)

    assert stage.ticks() == before
    assert record().is_resting


def test_older_supervisor_goes_on_with_an_entry_that_was_changed_after_the_newest_was_gone(
    stage, keep
):
    keep()
    old, new = supervisor(stage), supervisor(stage)
    run(stage, 1, old)
    new()  # and is never seen again
    run(stage, 3, old)
    keep(every=2)
    run(stage, 30, old)

    assert stage.ticks()[-1] in {28, 30}
    assert not [tick for tick in stage.ticks() if tick > 14 and tick % 2]


def test_entry_that_is_off_does_not_tick_and_makes_up_for_nothing(stage, keep, ticking):
    look, before = ticking
    keep(is_on=False)
    run(stage, 60, look)
    assert stage.ticks() == before
    assert record().is_off
    assert record().late_at is None
    assert record().next is None

    keep()
    run(stage, 80, look)
    after = [tick for tick in stage.ticks() if tick not in before]
    assert min(after) > 60
    assert stage.ticks()[-1] >= 79


def test_deleted_entry_stops_although_nobody_could_retire_it(stage, keep, ticking):
    look, before = ticking
    keep(is_gone=True)
    run(stage, 20, look)

    assert stage.ticks() == before
    assert record().is_resting


def test_entry_that_moves_keeps_its_place(stage, keep):
    keep()
    look = supervisor(stage)
    run(stage, 3.75, look)
    keep(queue="r")
    run(stage, 30, look)

    q, r = in_queue(stage, "q"), in_queue(stage, "r")
    assert q == 3
    assert r > 15
    assert stage.desk.home().queues[NAME] == "r"


# Overrides


def override(stage, clock, *, spec=None):
    entry = stage.entry()
    desk = KeptSchedules(stage.q.store)
    assert desk.override(OF_CODE, spec or entry.spec, json.dumps(clock) if clock else "")
    # The stage lies in the past.
    [revision, _, rest] = desk_field(stage).split(" ", 2)
    text = f"{revision} {stage.time.ms} {rest}"
    stage.q.client.hset(stage.q.store.shared.schedules, f"override:{OF_CODE}", text)


def desk_field(stage):
    key = stage.q.store.shared.schedules
    return stage.q.client.hget(key, f"override:{OF_CODE}").decode()


def test_override_changes_the_time_and_ends_when_it_is_taken_back(stage):
    look = stage.supervisor()
    run(stage, 4, look)
    override(stage, {"every": 5})
    run(stage, 41, look)
    override(stage, None)
    run(stage, 60, look)

    ticks = stage.ticks()
    assert [tick for tick in ticks if 16 < tick <= 41] == [20, 25, 30, 35, 40]
    assert set(range(54, 60)) <= set(ticks)


def test_override_holds_over_a_restart_and_for_supervisors_of_an_older_boot(stage):
    old = stage.supervisor()
    run(stage, 2, old)
    stage.supervisor()()  # newer, and is never seen again
    override(stage, {"every": 5})
    run(stage, 20, old)
    restarted = stage.supervisor()
    run(stage, 41, old, restarted)

    assert [tick for tick in stage.ticks() if tick > 14] == [15, 20, 25, 30, 35, 40]


def test_override_ends_with_the_next_version_of_the_entry(stage):
    old = stage.supervisor()
    run(stage, 2, old)
    override(stage, {"every": 7})
    run(stage, 20, old)
    new = stage.supervisor(stage.entry(Every(timedelta(seconds=3), overlap="allow")))
    run(stage, 40, old, new)

    assert [tick for tick in stage.ticks() if tick > 21] == [24, 27, 30, 33, 36, 39]
    assert stage.desk.home().overrides == {}


def test_override_said_between_opening_and_announcing_a_version_does_not_outlive_it(stage):
    """The newer boot has opened the entry, and has not announced it yet."""
    old = stage.supervisor()
    run(stage, 2, old)
    new_entry = stage.entry(Every(timedelta(seconds=3), overlap="allow"))
    new = stage.supervisor(new_entry)
    new()
    home = stage.q.store.shared.schedules
    stage.q.client.hset(home, "boot", stage.time.start * 1000)
    stage.q.client.hset(home, f"spec:{OF_CODE}", stage.entry().spec)
    override(stage, {"every": 7})
    run(stage, 20, old)
    stage.desk.announce(stage.time.ms, [(OF_CODE, "q", "")], {OF_CODE: new_entry.spec})
    run(stage, 40, old, new)

    assert [tick for tick in stage.ticks() if tick > 21] == [24, 27, 30, 33, 36, 39]


@pytest.mark.parametrize("every", ["often", 10**30, 1e300])
def test_override_that_cannot_be_read_changes_nothing(stage, every):
    look = stage.supervisor()
    run(stage, 2, look)
    override(stage, {"every": every})
    run(stage, 25, look)

    assert stage.ticks()[-1] >= 24


def test_entry_that_was_changed_in_a_far_future_stops_no_other(stage, keep):
    """The clock of Redis was wrong then, or somebody else wrote it."""
    keep(cron="* * * * *", timezone="UTC", every=None)
    home = stage.q.store.shared.schedules
    text = stage.q.client.hget(home, f"kept:{NAME}").partition(b" ")[2]
    text = text.replace(b', "every": null', b"")
    stage.q.client.hset(home, f"kept:{NAME}", b"%d %s" % (10**18, text))

    run(stage, 5, stage.supervisor())

    assert stage.ticks()[-1] >= 4


def test_entry_whose_revision_is_written_otherwise_stops_no_other(stage, keep):
    keep()
    home = stage.q.store.shared.schedules
    text = stage.q.client.hget(home, f"kept:{NAME}")
    stage.q.client.hset(home, f"kept:{NAME}", b"0" + text)

    run(stage, 5, stage.supervisor())

    assert stage.ticks()[-1] >= 4
    assert stage.desk.home().queues[NAME] == "q"


def test_next_version_owns_an_entry_that_was_overridden_while_the_clock_was_ahead(stage):
    stage.time.ahead = 3600
    old = stage.supervisor()
    run(stage, 2, old)
    for every in (7, 8):
        override(stage, {"every": every})
    stage.time.ahead = 0
    run(stage, 20, old)
    new = stage.supervisor(stage.entry(Every(timedelta(seconds=3), overlap="allow")))
    run(stage, 60, old, new)

    assert [tick for tick in stage.ticks() if 40 < tick < 58] == [42, 45, 48, 51, 54, 57]
