"""The clockwork of supervisors, with simulated time that lies in Redis' past."""

import random
from datetime import timedelta

import pytest

from jobs import Cron, Every
from jobs.errors import StoreUnavailable
from jobs.events import ScheduleFired, ScheduleReset, ScheduleSkipped
from jobs.features.periodic.clockwork import Clockwork
from jobs.features.periodic.entries import Entry
from jobs.features.periodic.opening import PORTION
from jobs.inspect import get_reader
from jobs.payload import decode
from jobs.store.requests import Requests
from jobs.store.schedule_records import read_schedules
from jobs.store.schedules import Opening
from tests.jobs.features.periodic.stage import NAME, SECOND, SimulatedStore
from tests.jobs.store.sample_queue import SampleQueue


def test_supervisor_opens_its_entries_and_fires_each_tick(stage):
    look = stage.supervisor()
    for _ in range(40):
        look()
        stage.time.passed += 0.25

    assert stage.ticks() == list(range(1, 10))
    home = stage.desk.home()
    assert (home.boot, home.names) == (stage.time.start * 1000, {NAME})
    assert home.queues == {NAME: "q"}
    assert {event.name_ for event in stage.told(ScheduleFired)} == {NAME}


def test_job_is_made_as_data(stage):
    entry = stage.entry(Every(timedelta(seconds=1), args=[1], kwargs={"two": 2}))
    look = stage.supervisor(entry)
    look()
    stage.time.passed = 1.1
    look()

    [job_id] = stage.q.ids("ready")
    payload = decode(stage.q.payload(job_id))
    assert job_id == entry.job_id("jobs", (stage.time.start + 1) * 1000)
    assert (payload.args, payload.kwargs, payload.queue) == ([1], {"two": 2}, "q")
    assert payload.context == {"schedule": {"name": NAME, "at": stage.time.start + 1.0}}


def test_random_wait_comes_before_a_tick_is_fired(stage):
    look = stage.supervisor(chance=lambda: 1.0)
    look()
    stage.time.passed = 1.4
    look()
    assert stage.ticks() == []

    stage.time.passed = 1.5
    look()
    assert stage.ticks() == [1]


def test_nobody_asks_redis_while_nothing_is_due(stage):
    look = stage.supervisor(stage.entry(Every(timedelta(hours=1))))
    look()
    stage.q.client.config_resetstat()
    for _ in range(10):
        stage.time.passed += 0.5
        look()

    calls = stage.q.client.info("commandstats")
    assert sum(each["calls"] for name, each in calls.items() if "config" not in name) <= 1


@pytest.mark.parametrize("seed", range(4))
def test_three_supervisors_with_kills_fire_each_tick_once_or_count_it(stage, seed):
    """The answer of every script may be lost, before or after it was executed."""
    chance = random.Random(seed)
    random.seed(seed)
    looks = [stage.supervisor(chance=chance.random, breaks=0.05) for _ in range(3)]
    while not stage.supervisor()():
        """Whoever comes first opens the entry."""
    looks[0]()
    while stage.time.passed < 120:
        for number in range(3):
            if chance.random() < 0.02:  # killed, and another is started
                looks[number] = stage.supervisor(chance=chance.random, breaks=0.05)
            if chance.random() < 0.7:  # the others are held up
                looks[number]()
        if chance.random() < 0.01:
            stage.time.passed += chance.random() * 5  # all are away
        stage.time.passed += 0.25

    fired, counted = stage.ticks(), 0
    for job_id in stage.q.payloads():
        counted += 1 + decode(stage.q.payload(job_id)).context["schedule"].get("missed", 0)
    assert len(fired) == len(set(fired))
    assert fired[-1] >= 117
    # Each tick has a job, or is counted as missed by the job of a later one.
    assert counted == fired[-1]


def test_only_the_latest_missed_tick_is_made_up_for(stage):
    entry = stage.entry(Every(timedelta(minutes=1), catch_up=timedelta(minutes=5)))
    look = stage.supervisor(entry)
    look()
    stage.time.passed = 600.5
    look()

    assert stage.ticks() == [600]
    [job_id] = stage.q.payloads()
    assert decode(stage.q.payload(job_id)).context["schedule"]["missed"] == 9


def test_tick_that_is_older_than_catch_up_is_skipped(stage):
    entry = stage.entry(Every(timedelta(hours=1), catch_up=timedelta(minutes=5)))
    look = stage.supervisor(entry)
    look()
    first = entry.schedule.next_after(stage.time.ms) / 1000 - stage.time.start
    stage.time.passed = first + 301
    look()

    assert stage.ticks() == []
    [skipped] = stage.told(ScheduleSkipped)
    assert skipped.reason == "missed"
    assert stage.cursor() == first


def test_skip_counts_the_ticks_before_it_that_nobody_fired(stage):
    look = stage.supervisor(stage.entry(Every(timedelta(seconds=1))))
    look()
    stage.time.passed = 1.1
    look()
    stage.time.passed = 5.1  # the run before still waits
    look()

    [skipped] = stage.told(ScheduleSkipped)
    assert (skipped.reason, skipped.missed) == ("overlap", 3)
    [record] = read_schedules(get_reader())
    assert [(run.word, run.missed) for run in record.runs] == [("overlap", 3), ("fired", 0)]


def test_end_of_a_run_leaves_what_was_missed_before_it(stage):
    look = stage.supervisor()
    look()
    stage.time.passed = 4.1
    look()
    [job_id] = stage.q.ids("ready")
    tick = (stage.time.start + 4) * 1000

    stage.desk.note_run("q", NAME, tick, job_id, "done", is_success=True)

    [record] = read_schedules(get_reader())
    assert [(run.word, run.missed) for run in record.runs] == [("done", 3)]


def test_tick_within_the_last_minute_counts_as_in_time(stage):
    look = stage.supervisor(stage.entry(Every(timedelta(minutes=5), catch_up=timedelta(0))))
    look()
    stage.time.passed = 359
    look()

    assert stage.ticks() == [300]


def test_expression_that_changed_begins_now_and_the_older_supervisor_keeps_still(stage):
    old = stage.supervisor(stage.entry(Every(timedelta(seconds=2), overlap="allow")))
    old()
    stage.time.passed = 2.1
    old()
    new = stage.supervisor(stage.entry(Every(timedelta(seconds=5), overlap="allow")))
    new()
    while stage.time.passed < 15:
        stage.time.passed += 0.25
        old()
        new()

    assert stage.ticks() == [2, 5, 10, 15]


def test_deploy_just_after_a_tick_does_not_lose_it(stage):
    old = stage.supervisor(stage.entry(Every(timedelta(minutes=1))))
    old()
    stage.time.passed = 60.3  # the tick has come, and the old one has not looked yet
    new = stage.supervisor(stage.entry(Every(timedelta(minutes=1), jitter=timedelta(seconds=1))))
    new()
    new()

    assert stage.ticks() == [60]


def test_entry_that_moves_to_another_queue_is_fired_there_only(stage):
    old = stage.supervisor()
    old()
    stage.time.passed = 1.1
    old()
    new = stage.supervisor(stage.entry(queue="r"))
    new()
    while stage.time.passed < 5:
        stage.time.passed += 0.25
        old()
        new()

    assert stage.ticks() == [1]
    there = SampleQueue(stage.q.store, "r")
    assert len(there.payloads()) == 4
    assert stage.cursor("r") == 5
    assert stage.desk.home().queues == {NAME: "r"}


@pytest.mark.parametrize("calls", range(1, 5))
def test_move_that_a_crash_left_between_is_done_again_by_anybody(stage, calls):
    stage.supervisor()()
    left = iter([False] * calls)
    store = SimulatedStore(
        stage.url, stage.time, lambda: 1.0 if not next(left, True) else 0.0, breaks=0.5
    )
    stage.time.passed = 0.5
    crashing = Clockwork(lambda: [stage.entry(queue="r")], lambda: 0.0, lambda: stage.time.passed)
    try:
        crashing.look(store)
    except StoreUnavailable:
        stage.time.passed = 0.6

    look = stage.supervisor(stage.entry(queue="r"))
    look()
    stage.time.passed = 1.1
    look()

    there = SampleQueue(stage.q.store, "r")
    assert len(there.payloads()) == 1
    assert stage.ticks() == []
    assert stage.desk.home().queues == {NAME: "r"}


def test_entry_of_a_newer_boot_that_died_unannounced_stops_no_other(stage):
    stage.supervisor()()
    newer = stage.time.ms + 10**6
    opening = Opening(NAME, "q", newer, "newer", "c", stage.time.ms, None, 1_000, 0)
    stage.desk.open([opening], {})
    stage.time.passed = 0.5
    other = stage.entry(name="tests.OtherJob")
    look = stage.supervisor(stage.entry(queue="r"), other)
    while stage.time.passed < 4:
        stage.time.passed += 0.25
        look()

    assert stage.ticks() == [1, 2, 3, 4]  # those of the other entry
    assert stage.desk.home().queues == {NAME: "q", other.name: "q"}


def test_two_versions_that_start_at_once_do_not_fire_from_two_queues(stage):
    old, new = stage.supervisor(), stage.supervisor(stage.entry(queue="r"))
    old()
    stage.time.passed = 0.001
    new()
    while stage.time.passed < 8:
        stage.time.passed += 0.25
        old()
        new()

    both = [*stage.ticks(), *range(1, 1 + len(SampleQueue(stage.q.store, "r").payloads()))]
    assert sorted(both) == list(range(1, 9))


def test_entry_that_the_newest_code_does_not_know_rests(stage):
    old = stage.supervisor()
    old()
    stage.time.passed = 0.5
    stage.supervisor(stage.entry(name="tests.OtherJob"))()
    while stage.time.passed < 5:
        stage.time.passed += 0.25
        old()

    assert stage.ticks() == []
    [record] = [each for each in read_schedules(get_reader()) if each.name == NAME]
    assert record.is_resting


def test_supervisor_of_an_older_boot_goes_on_with_what_is_the_same(stage):
    old, new = stage.supervisor(), stage.supervisor()
    old()
    stage.time.passed = 0.5
    new()  # and is never seen again
    while stage.time.passed < 6:
        stage.time.passed += 0.25
        old()

    assert stage.ticks()[-1] >= 5


def test_supervisor_whose_entries_rest_looks_whether_they_are_its_own_again(stage):
    old = stage.supervisor()
    old()
    stage.time.passed = 0.5
    stage.supervisor(stage.entry(name="tests.OtherJob"))()
    stage.time.passed = 1.5
    old()
    stage.time.passed = 2.5
    old()
    stage.time.passed = 5
    old()  # it rests now
    stage.time.passed = 6
    stage.supervisor()()  # a rollback, whose supervisor is never seen again
    while stage.time.passed < 25:
        stage.time.passed += 0.25
        old()

    assert stage.ticks()[-1] == 25


def test_cursor_that_is_ahead_by_less_than_a_period_is_waited_for(stage):
    look = stage.supervisor(stage.entry(Every(timedelta(minutes=30), overlap="allow")))
    look()
    stage.q.client.hset(stage.q.keys.schedules, f"cursor:{NAME}", stage.time.ms + 25 * 60_000)
    while stage.time.passed < 60 * 60:
        stage.time.passed += 30
        look()

    assert stage.told(ScheduleReset) == []
    assert stage.ticks() == [1800, 3600]


def test_redis_that_forgot_everything_is_told_again(stage):
    look = stage.supervisor()
    look()
    stage.q.client.flushall()
    while stage.time.passed < 8:
        stage.time.passed += 0.25
        look()

    assert stage.ticks()[-1] == 8


def test_cursor_ahead_of_now_is_set_back_loudly(stage):
    look = stage.supervisor()
    look()
    stage.q.client.hset(stage.q.keys.schedules, f"cursor:{NAME}", stage.time.ms + 10**7)
    while stage.time.passed < 8:
        stage.time.passed += 0.25
        look()

    assert len(stage.told(ScheduleReset)) == 1
    assert stage.ticks()[-1] == 8


def test_run_before_is_cancelled_by_a_request_to_its_worker(stage):
    entry = stage.entry(Every(timedelta(seconds=1), overlap="cancel_other"))
    look = stage.supervisor(entry)
    look()
    stage.time.passed = 1.1
    look()
    [first] = stage.q.take("w")
    stage.time.passed = 2.1
    look()

    assert Requests(stage.q.store).take("w") == [f"cancel {first}"]
    assert len(stage.q.ids("ready")) == 1


def test_entry_that_fails_keeps_no_other_from_ticking(stage):
    class BrokenEntry(Entry):
        def payload(self, *args):
            raise RuntimeError("no payload")

    broken = BrokenEntry("tests.0Job", "tests.0Job", "q", 0, SECOND)
    look = stage.supervisor(broken, stage.entry())
    look()
    stage.time.passed = 1.1

    with pytest.raises(RuntimeError, match="no payload"):
        look()
    assert stage.ticks() == [1]


def test_many_entries_are_opened_and_fired_in_portions(stage):
    entries = [stage.entry(SECOND, f"tests.Job{n}") for n in range(2 * PORTION + 1)]
    look = stage.supervisor(*entries)
    look()
    stage.time.passed = 1.1
    look()

    assert len(stage.ticks()) == len(entries)


def test_cron_of_the_past_is_not_made_up_for_when_it_is_new(stage):
    look = stage.supervisor(stage.entry(Cron("* * * * *", timezone="UTC")))
    look()
    stage.time.passed = 59
    look()

    assert stage.ticks() == []
