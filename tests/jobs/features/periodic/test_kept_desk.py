"""The scripts behind entries of the database, and overrides."""

import pytest

from jobs.store.kept_schedules import KeptSchedules
from jobs.store.schedule_home import Home, Kept, home_of
from tests.jobs.features.periodic.desk import MINUTE
from tests.jobs.features.periodic.desk import NAME as OF_CODE

NAME = "tests.AJob:db.nightly"


@pytest.fixture
def kept(store):
    return KeptSchedules(store)


def test_write_keeps_each_document_under_the_generation_in_which_it_changed(kept):
    first = kept.write(0, {NAME: "on {}", "tests.AJob:db.other": "off {}"}, [])
    second = kept.write(first, {NAME: 'on {"every": 1}'}, [])

    home = kept.home()
    assert second > first
    assert home.generation == second
    assert home.kept == {
        NAME: Kept(second, True, '{"every": 1}'),
        "tests.AJob:db.other": Kept(first, False, "{}"),
    }


def test_write_of_an_old_read_is_refused(kept):
    seen = kept.home().generation
    assert kept.write(seen, {NAME: "on new"}, [])

    assert kept.write(seen, {NAME: "on old"}, []) == 0
    assert kept.home().kept[NAME].document == "new"


def test_generation_grows_when_the_clock_of_redis_goes_back(kept, store):
    store.client.hset(store.shared.schedules, "generation", str(10**13))

    assert kept.write(10**13, {NAME: "on {}"}, []) == 10**13 + 1


def test_entry_is_at_home_where_it_was_opened_unless_it_has_changed(kept):
    revision = kept.write(0, {NAME: "on {}"}, [])

    assert kept.settle([(NAME, revision - 1, "q", "")]) == [False]
    assert kept.settle([("tests.AJob:db.gone", revision, "q", "")]) == [False]
    assert kept.settle([(NAME, revision, "q", "")]) == [True]
    assert kept.settle([(NAME, revision, "q", "")]) == [True]
    assert kept.home().queues == {NAME: "q"}


def test_entry_moves_only_from_where_it_was_closed(kept):
    revision = kept.write(0, {NAME: "on {}"}, [])
    kept.settle([(NAME, revision, "q", "")])

    assert kept.settle([(NAME, revision, "r", "")]) == [False]
    assert kept.settle([(NAME, revision, "r", "q")]) == [True]
    assert kept.home().queues == {NAME: "r"}


def test_retired_entry_is_opened_by_nobody_who_still_knows_it(d, kept):
    d.open(5)
    d.fire_next()
    kept.retire("q", OF_CODE, 7)

    assert d.fire_next().word == "unknown"
    assert d.open(5).word == d.open(7).word == "closed"
    assert set(d.q.client.hgetall(d.q.keys.schedules)) == {b"closed:" + OF_CODE.encode()}


def test_entry_that_is_made_again_begins_anew(d, kept):
    d.open(5)
    kept.retire("q", OF_CODE, 7)

    assert d.open(8, start=d.start + 3 * MINUTE) == ("open", d.start + 3 * MINUTE)
    kept.retire("q", OF_CODE, 7)  # late: another one of the same name lives there
    assert d.fire_next().word == "fired"


def test_turn_to_mirror_is_taken_by_one(kept):
    assert [kept.take_turn(60) for _ in range(3)] == [True, False, False]


def announce(d, boot, spec, name=OF_CODE):
    return d.desk.announce(boot, [(name, "q", "")], {name: spec})


def test_override_is_above_the_boot_that_announced_the_entry_and_below_the_next(d, kept):
    announce(d, 1_000, "s")

    assert kept.override(OF_CODE, "s", "one")
    assert kept.home().overrides[OF_CODE].revision == 1_001
    assert kept.override(OF_CODE, "s", "two")
    override = kept.home().overrides[OF_CODE]
    assert (override.revision, override.spec, override.document) == (1_002, "s", "two")
    assert abs(override.at - d.q.now()) < 5_000
    assert d.desk.newest() == (1_000, kept.home().generation)


def test_override_of_another_version_is_refused(d, kept):
    assert not kept.override(OF_CODE, "s", "one")
    announce(d, 1_000, "s")

    assert not kept.override(OF_CODE, "other", "one")
    assert kept.home().overrides == {}


def test_override_outlives_a_restart_and_ends_with_another_version(d, kept):
    announce(d, 1_000, "s")
    kept.override(OF_CODE, "s", "one")
    announce(d, 2_000, "s")
    assert kept.home().overrides[OF_CODE].document == "one"

    announce(d, 3_000, "other")
    assert kept.home().overrides == {}


def test_override_ends_where_the_code_has_the_entry_no_more(d, kept):
    announce(d, 1_000, "s")
    kept.override(OF_CODE, "s", "one")
    announce(d, 2_000, "s", name="tests.OtherJob")

    assert kept.home().overrides == {}
    assert not kept.override(OF_CODE, "s", "two")


@pytest.fixture(params=["x", "inf", "9e99", "-1"])
def spoil(request, d):
    """Return what puts into every field for a time something that is none."""
    of_all = {f"override:{OF_CODE}": f"{request.param} 1 s {{}}"}
    of_all |= dict.fromkeys(["boot", "generation"], request.param)
    kinds = ["boot", "closed", "owed", "begun", "cursor"]
    of_queue = dict.fromkeys([f"{kind}:{OF_CODE}" for kind in kinds], request.param)

    def put():
        d.q.client.hset(d.store.shared.schedules, mapping=of_all)
        d.q.client.hset(d.q.keys.schedules, mapping=of_queue)

    put()
    return put


def test_times_that_are_none_keep_nobody_from_announcing_and_changing(d, kept, spoil):
    assert announce(d, 5, "s")
    spoil()
    assert kept.override(OF_CODE, "s", "one")
    assert kept.home().overrides[OF_CODE].document == "one"
    spoil()
    assert kept.write(d.desk.newest()[1], {NAME: "on {}"}, [])
    assert NAME in kept.home().kept


def test_times_that_are_none_stop_no_schedule(d, kept, spoil):
    d.desk.note_run("q", OF_CODE, d.start, "job", "done", is_success=True)
    assert d.open(7, spec="other").word == "open"
    spoil()
    assert d.desk.close("q", OF_CODE, 6)
    spoil()
    kept.retire("q", OF_CODE, 8)
    assert set(d.q.client.hgetall(d.q.keys.schedules)) == {b"closed:" + OF_CODE.encode()}


def test_what_cannot_be_read_counts_as_not_there():
    fields = {
        b"kept:a": b"x on {}",
        b"kept:b": b"1 perhaps {}",
        b"kept:c": b"",
        b"override:a": b"1 2",
        b"override:b": b"1 x s {}",
        b"generation": b"many",
        b"boot": b"\xff",
    }

    assert home_of(fields) == Home(queues={}, kept={}, overrides={})
