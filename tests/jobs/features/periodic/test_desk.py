"""Opening and firing periodic entries on a real server, rule by rule."""

import pytest
import redis

from jobs.errors import StoreUnavailable
from jobs.payload import decode
from tests.jobs.features.periodic.desk import MINUTE, NAME

# Opening


def test_new_entry_begins_now_and_fires_nothing_of_its_past(d):
    assert d.open() == ("open", d.start)

    assert d.desk.cursors("q", [NAME, "tests.Other"]) == [d.start, None]


def test_new_entry_never_begins_in_the_future(d):
    opened = d.open(start=d.q.now() + 60 * MINUTE)

    assert opened.cursor <= d.q.now()


def test_opening_again_keeps_the_cursor(d):
    d.open()
    d.fire(d.start, d.start + MINUTE)

    assert d.open(2, start=d.start + 5 * MINUTE) == ("open", d.start + MINUTE)


@pytest.mark.parametrize(("clock", "begins_anew"), [("c", False), ("other", True)])
def test_only_another_time_expression_sets_the_cursor_to_now(d, clock, begins_anew):
    d.open()

    opened = d.open(2, spec="new", clock=clock, start=d.start + 5 * MINUTE)

    assert opened == ("open", d.start + 5 * MINUTE if begins_anew else d.start)


def test_newest_boot_owns_the_entry_and_older_ones_are_refused(d):
    d.open(1, spec="old")
    d.open(2, spec="new")

    assert d.open(1, spec="old").word == "foreign"
    assert d.fire(d.start, d.start + MINUTE, spec="old").word == "foreign"
    assert d.fire(d.start, d.start + MINUTE, spec="new").word == "fired"


def test_rollback_is_a_new_boot_and_owns_the_entry(d):
    d.open(1, spec="old")
    d.open(2, spec="new")

    assert d.open(3, spec="old") == ("open", d.start)
    assert d.fire(d.start, d.start + MINUTE, spec="old").word == "fired"


def test_older_boot_of_the_same_spec_fires_too(d):
    d.open(2)

    assert d.open(1) == ("open", d.start)
    assert d.field("boot") == b"2"


def test_cursor_far_ahead_of_now_is_set_back(d):
    d.open()
    now = d.q.now()
    d.q.client.hset(d.q.keys.schedules, f"cursor:{NAME}", now + 10 * MINUTE)

    assert d.open(2, start=now) == ("ahead", now)


@pytest.mark.parametrize(("ahead", "period"), [(MINUTE // 2, 1_000), (10 * MINUTE, 60 * MINUTE)])
def test_cursor_that_is_ahead_by_less_than_a_minute_or_a_period_stays(d, ahead, period):
    d.open()
    cursor = d.q.now() + ahead
    d.q.client.hset(d.q.keys.schedules, f"cursor:{NAME}", cursor)

    assert d.open(2, period=period) == ("open", cursor)


# Firing


def test_tick_inserts_its_job_and_moves_the_cursor_together(d):
    d.open()

    fired = d.fire(d.start, d.start + MINUTE)

    assert fired == ("fired", d.start + MINUTE, "", "")
    assert d.q.ids("ready") == ["job-1"]
    assert decode(d.q.payload("job-1")).id == "job-1"
    assert d.q.rings() == 1
    assert d.q.is_sound()


def test_second_supervisor_is_late_even_when_the_job_has_run_and_gone(d):
    d.open()
    d.fire(d.start, d.start + MINUTE, job_id="same")
    d.q.take()
    d.q.take(finished=["same"])

    assert d.fire(d.start, d.start + MINUTE, job_id="same") == ("late", d.start + MINUTE, "", "")
    assert d.q.payloads() == set()


def test_tick_that_is_not_after_the_cursor_is_late(d):
    d.open()

    assert d.fire(d.start, d.start).word == "late"


def test_tick_later_than_the_time_of_redis_is_refused(d):
    d.open()

    assert d.fire(d.start, d.q.now() + MINUTE).word == "early"
    assert d.q.payloads() == set()


def test_entry_that_redis_does_not_know_is_not_fired(d):
    assert d.fire(d.start, d.start + MINUTE) == ("unknown", None, "", "")


def test_job_that_is_due_later_is_scheduled(d):
    d.open()
    due = d.q.now() + 5_000

    d.fire(d.start, d.start + MINUTE, due=due)

    assert d.q.score("scheduled", "job-1") == due


def test_tick_that_is_too_old_is_skipped_and_moves_the_cursor(d):
    d.open()

    assert d.fire(d.start, d.start + MINUTE, skip="missed").word == "missed"
    assert d.desk.cursors("q", [NAME]) == [d.start + MINUTE]
    assert d.q.payloads() == set()


@pytest.mark.parametrize("what", ["queue", "entry"])
def test_pause_skips_so_that_nothing_piles_up(d, what):
    d.open()
    d.store.sets.pause("q") if what == "queue" else d.desk.pause("q", NAME)

    assert [d.fire_next().word for _ in range(3)] == ["paused"] * 3
    assert d.q.payloads() == set()

    d.store.sets.resume("q") if what == "queue" else d.desk.resume("q", NAME)
    assert d.fire_next() == ("fired", d.start + 4 * MINUTE, "", "")


def test_full_server_refuses_and_the_cursor_stays(d):
    d.open()
    d.q.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreUnavailable):
            d.fire(d.start, d.start + MINUTE)
    finally:
        d.q.client.config_set("maxmemory", 0)

    assert d.fire(d.start, d.start + MINUTE).word == "fired"


@pytest.mark.parametrize("key", ["ready", "scheduled", "payloads", "running"])
def test_broken_key_leaves_no_half_of_it(d, key):
    d.open()
    d.q.client.set(getattr(d.q.keys, key), "broken")

    with pytest.raises(redis.ResponseError):
        d.fire(d.start, d.start + MINUTE)

    d.q.client.delete(getattr(d.q.keys, key))
    assert d.q.payloads() == set()
    assert d.fire(d.start, d.start + MINUTE).word == "fired"


# Overlap


def leave_in(d, place):
    """Fire a first tick, and leave its job in a place."""
    d.open()
    d.fire_next(due=d.q.now() + MINUTE if place == "scheduled" else 0)
    if place in {"ready", "scheduled"}:
        return
    d.q.take()
    token = d.q.token("job-1")
    if place == "gone":
        d.q.take(finished=["job-1"])
    elif place in {"retry", "dead"}:
        running = d.store.running
        running.fail("q", token, "job-1", b"{}", place, delay_seconds=60, dead_limits=(9, 9))
    elif place == "done":
        d.store.running.finish("q", token, "job-1", b"{}", 60)


@pytest.mark.parametrize("overlap", ["skip", "one_waiting", "allow", "cancel_other"])
@pytest.mark.parametrize("place", ["gone", "done", "dead"])
def test_run_that_is_over_is_in_nobodys_way(d, overlap, place):
    leave_in(d, place)

    assert d.fire_next(overlap=overlap)[0] == "fired"
    assert "job-2" in d.q.ids("ready")


@pytest.mark.parametrize("place", ["ready", "scheduled", "retry", "running"])
def test_run_that_has_not_ended_lets_skip_skip_and_retries_count(d, place):
    leave_in(d, place)

    assert d.fire_next(overlap="skip") == ("overlap", d.start + 2 * MINUTE, "", "job-1")
    assert d.q.payloads() == {"job-1"}


@pytest.mark.parametrize(
    ("place", "word"),
    [("ready", "overlap"), ("scheduled", "overlap"), ("retry", "overlap"), ("running", "fired")],
)
def test_one_waiting_lets_one_wait_beside_the_one_that_runs(d, place, word):
    leave_in(d, place)

    assert d.fire_next(overlap="one_waiting").word == word


@pytest.mark.parametrize("place", ["ready", "scheduled", "retry", "running"])
def test_allow_lets_runs_overlap(d, place):
    leave_in(d, place)

    assert d.fire_next(overlap="allow").word == "fired"
    assert d.q.payloads() == {"job-1", "job-2"}


@pytest.mark.parametrize("place", ["ready", "scheduled", "retry"])
def test_cancel_other_drops_a_run_that_waits(d, place):
    leave_in(d, place)

    assert d.fire_next(overlap="cancel_other") == ("fired", d.start + 2 * MINUTE, "", "job-1")
    assert d.q.payloads() == {"job-2"}
    assert d.q.is_sound()
    assert d.q.stat("cancelled") == 1


def test_cancel_other_names_the_worker_that_runs_the_one_before(d):
    leave_in(d, "running")

    assert d.fire_next(overlap="cancel_other") == ("fired", d.start + 2 * MINUTE, "w", "job-1")
    assert d.q.running() == {"job-1": "w"}


# By hand


def test_run_by_hand_moves_no_cursor_and_heeds_no_pause(d):
    d.open()
    d.desk.pause("q", NAME)

    fired = d.fire(None, d.q.now())

    assert fired == ("fired", d.start, "", "")
    assert d.desk.cursors("q", [NAME]) == [d.start]
    assert d.q.ids("ready") == ["job-1"]


def test_run_by_hand_waits_for_the_one_before_and_the_next_tick_waits_for_it(d):
    d.open()
    d.fire(None, d.q.now())

    assert d.fire(None, d.q.now()).word == "overlap"
    assert d.fire_next().word == "overlap"
