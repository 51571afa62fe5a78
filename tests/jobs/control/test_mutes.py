"""A group of failures is muted until it changes."""

import pytest

from jobs import control
from jobs.inspect import failure_groups, failures
from jobs.store import mutes
from jobs.store.mutes import LONGEST, Mute
from jobs.store.reader import Reader
from jobs.store.sight import Sight
from tests.jobs.inspect.filling import failure, put

MESSAGE = "Order {} is lost"


def put_dead(store, count=1, *, at=None, message=MESSAGE):
    at = store.now() - 60 if at is None else at
    errors = [failure("some.Error", message.format(7), at=at)]
    return [put(store, "dead", errors=errors) for _ in range(count)]


def group(store, sight=None):
    [found] = failure_groups(Reader(store, sight or Sight())).groups
    return found


@pytest.fixture
def muted(store):
    put_dead(store, 20)
    control.mute(group(store))
    assert group(store).is_muted


def test_a_group_is_muted_and_shown_again(store, muted):
    assert control.unmute(group(store))
    assert group(store).muted is None
    assert not control.unmute(group(store))


def test_another_group_is_not_muted(store, muted):
    put_dead(store, message="Another thing")

    assert [each.is_muted for each in failure_groups(Reader(store)).groups] == [True, False]


def test_a_few_more_jobs_change_nothing_and_twice_as_many_do(store, muted):
    put_dead(store, 19)
    assert group(store).is_muted

    put_dead(store)
    assert group(store).muted.change == "grown"


def test_one_job_that_becomes_two_has_not_grown(store):
    put_dead(store)
    control.mute(group(store))
    put_dead(store, 9)
    assert group(store).is_muted

    put_dead(store)
    assert group(store).muted.change == "grown"


def test_a_deploy_ends_a_mute(store, muted):
    control.mark_deploy("v2")

    assert group(store).muted.change == "deploy"


def test_a_group_that_was_gone_comes_anew(store):
    [first] = put_dead(store)
    control.mute(group(store))
    store.client.zrem(store.keys("default").dead, first)
    put_dead(store, at=store.now() + 1)

    assert group(store).muted.change == "anew"


def test_a_mute_ends_in_any_case(store, muted):
    at = store.now() - LONGEST - 1
    put_dead(store, at=at - 60)
    store.client.hset(store.shared.muted, group(store).name, Mute(at, 20).to_text())

    assert group(store).muted.change == "late"


def test_a_group_whose_mute_ended_can_be_muted_again(store):
    put_dead(store)
    store.client.hset(store.shared.muted, group(store).name, Mute(1.0, 1).to_text())

    control.mute(group(store))

    assert group(store).is_muted


def test_who_sees_no_messages_has_nothing_muted(store, muted):
    assert group(store, Sight(sees_arguments=False)).muted is None


@pytest.mark.parametrize("raw", [b"", b"x", b"1 -1", b"nan 3", b"1e999 3", b"1 " + b"9" * 5000])
def test_a_mute_that_cannot_be_read_mutes_nothing(store, muted, raw):
    store.client.hset(store.shared.muted, group(store).name, raw)

    assert group(store).muted is None


def test_a_key_of_another_type_costs_its_own_line(store):
    put_dead(store)
    store.client.set(store.shared.muted, "foreign")

    found = failure_groups(Reader(store))

    assert found.groups[0].muted is None
    assert [problem.key for problem in found.problems] == [store.shared.muted]


def test_there_is_always_room_for_one_more(store, monkeypatch):
    monkeypatch.setattr(mutes, "MOST_MUTES", 3)
    put_dead(store)
    for n in range(5):
        store.client.hset(store.shared.muted, f"old{n}", Mute(store.now() - 100 + n, 1).to_text())
    store.client.hset(store.shared.muted, "odd", b"\xff")

    control.mute(group(store))

    assert set(store.client.hkeys(store.shared.muted)) == {
        b"old4",
        b"old3",
        group(store).name.encode(),
    }
    assert store.client.ttl(store.shared.muted) > 0


def test_group_grows_where_not_all_of_it_is_looked_at(store, monkeypatch):
    monkeypatch.setattr(failures, "LOOK_AT", 20)
    put_dead(store, 15)
    control.mute(group(store))
    assert group(store).is_muted

    put_dead(store, 45)

    assert group(store).count == 20
    assert group(store).muted.change == "grown"


def test_group_that_was_never_looked_at_whole_can_be_muted(store, monkeypatch):
    monkeypatch.setattr(failures, "LOOK_AT", 20)
    put_dead(store, 100)
    control.mute(group(store))
    assert group(store).is_muted

    put_dead(store, 20)

    assert group(store).is_muted


def test_who_sees_some_queues_sees_what_others_muted(store, muted):
    put(store, "dead", "other")

    assert group(store, Sight(lambda queue: queue != "other")).muted is None
    assert group(store, Sight(lambda queue: True)).is_muted
