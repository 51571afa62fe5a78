"""The doctor and the keys themselves.

Types, names, owners, ends, and queues that nobody lists.
"""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs import inspect
from jobs.inspect.key_check import KeyCheck
from jobs.store.census import Census
from jobs.store.keys import KINDS
from jobs.store.reader import Reader
from tests.jobs.inspect.corruptions import ODD_ID, QUEUE_KEYS
from tests.jobs.inspect.filling import WORKER, beat, fetch, fill, push, put

SETS = ("ready", "scheduled", "retry", "dead", "done")
SHARED = (
    "queues",
    "workers",
    "metric_names",
    "deploys",
    "schedules",
    "problems",
    "telling",
)


def look(reader, *, repair=False):
    return inspect.check_invariant(repair=repair, reader=reader)


def keys_of(problems):
    return [problem.key for problem in problems]


def replace(store, key):
    store.client.delete(key)
    store.client.set(key, "something else")


def content_of_all_keys(store):
    """Return what is in all keys, to see that nothing is lost.

    Keys of scripts that tidy up by themselves are left out.
    """
    return {key: store.client.dump(key) for key in store.client.keys("*")}


@pytest.mark.parametrize("name", QUEUE_KEYS)
def test_key_of_another_type_is_named_and_everything_else_is_looked_at(store, reader, name):
    fill(store, "default")
    fill(store, "other")
    [lost] = push(store, "other")
    store.client.zrem(store.keys("other").ready, lost)
    replace(store, key := getattr(store.keys("default"), name))

    diagnosis = look(reader)

    assert keys_of(diagnosis.problems) == [key]
    assert "is of type string and should be" in diagnosis.problems[0].reason
    assert lost in {stray.job_id for stray in diagnosis.strays}
    assert not diagnosis.is_well


@pytest.mark.parametrize("name", [name for name in QUEUE_KEYS if name != "payloads"])
def test_key_of_another_type_is_set_aside_with_its_content(store, reader, name):
    fill(store, "default")
    replace(store, key := getattr(store.keys("default"), name))

    diagnosis = look(reader, repair=True)

    [mended] = diagnosis.mended
    assert (mended.key, diagnosis.problems) == (key, ())
    [aside] = store.client.keys("*set-aside*")
    assert store.client.get(aside) == b"something else"
    assert aside.decode() in mended.remedy
    assert aside.startswith(b"{jobs:default}:")
    assert store.client.type(key) in {b"none", b"zset"}


def test_jobs_of_a_set_that_was_set_aside_are_put_back(store, reader):
    jobs = [put(store, "dead") for _ in range(3)]
    replace(store, store.keys("default").dead)

    diagnosis = look(reader, repair=True)

    assert {stray.job_id for stray in diagnosis.repaired} == set(jobs)
    assert look(reader).is_well


@pytest.mark.parametrize("name", ["running", "leases"])
def test_what_runs_is_left_to_its_worker_when_a_decisive_key_was_set_aside(store, reader, name):
    push(store)
    [job_id] = fetch(store)
    replace(store, getattr(store.keys("default"), name))

    diagnosis = look(reader, repair=True)

    assert [stray.job_id for stray in diagnosis.strays] == [job_id]
    assert store.client.zcard(store.keys("default").ready) == 0


@pytest.mark.parametrize("name", ["running", "leases"])
def test_what_runs_is_left_to_its_worker_by_the_next_doctor_too(store, reader, name):
    push(store)
    [job_id] = fetch(store)
    replace(store, getattr(store.keys("default"), name))

    look(reader, repair=True)
    diagnosis = look(Reader(store), repair=True)

    assert [stray.job_id for stray in diagnosis.strays] == [job_id]
    assert store.client.zcard(store.keys("default").ready) == 0
    assert 0 < store.client.ttl("{jobs:default}:mending") <= 60


@pytest.mark.parametrize("name", ["ready", "running", "leases", "dead"])
def test_key_that_was_written_again_meanwhile_is_not_set_aside(store, reader, monkeypatch, name):
    """Two doctors have seen the broken key.

    The other one was faster, and a worker has used the new key since.
    """
    fill(store)
    key = getattr(store.keys("default"), name)
    content = store.client.dump(key)
    replace(store, key)
    kinds = Census.kinds

    def kinds_of_before(census, keys):
        found = kinds(census, keys)
        if key in keys:
            store.client.restore(key, 0, content, replace=True)
        return found

    monkeypatch.setattr(Census, "kinds", kinds_of_before)

    types = KeyCheck(reader, repair=True)
    types._types({key: KINDS[name]})

    assert store.client.dump(key) == content
    assert (types.problems, types.mended) == ((), ())


def test_payloads_of_another_type_are_left_for_a_person(store, reader):
    fill(store)
    replace(store, store.keys("default").payloads)
    before = content_of_all_keys(store)

    diagnosis = look(reader, repair=True)

    [problem] = diagnosis.problems
    assert problem.key == store.keys("default").payloads
    assert problem.remedy.startswith("By hand:")
    assert content_of_all_keys(store) == before


def test_what_is_certainly_astray_is_told_beside_a_key_that_cannot_be_read(store, reader):
    twice, good = put(store, "dead"), put(store, "dead")
    store.client.zadd(store.keys("default").retry, {twice: 1, "ghost": 1})
    replace(store, store.keys("default").ready)

    found = {(stray.job_id, stray.found) for stray in look(reader).strays}

    assert found == {(twice, "retry, dead"), ("ghost", "no payload; retry")}
    assert good not in {job_id for job_id, _ in found}


@pytest.mark.parametrize("name", SHARED)
def test_shared_key_of_another_type_is_set_aside(store, reader, name):
    fill(store)
    store.client.delete(key := getattr(store.shared, name))
    store.client.rpush(key, "something else")

    assert key in keys_of(look(reader).problems)
    assert key in keys_of(look(reader, repair=True).mended)
    assert look(reader).is_well


@pytest.mark.parametrize(
    "key", ["jobs:worker:w", "jobs:worker:w:requests", "jobs:metrics:1:7:job:a"]
)
def test_key_of_a_worker_or_a_metric_of_another_type_is_set_aside(store, reader, key):
    store.client.zadd(key, {"a": 1})

    assert keys_of(look(reader).problems) == [key]
    assert keys_of(look(reader, repair=True).mended) == [key]
    assert look(reader).is_well


def test_queue_that_nobody_lists_is_found_and_listed(store, reader):
    jobs = fill(store, "hidden")
    store.client.srem(store.shared.queues, "hidden")

    diagnosis = look(reader)
    assert "Queue hidden has jobs and is not among them" in diagnosis.problems[0].reason
    assert "hidden" in diagnosis.queues
    assert diagnosis.jobs == len(jobs) - 1

    assert len(look(reader, repair=True).mended) == 1
    assert "hidden" in inspect.queue_names(reader)
    assert look(reader).is_well


def test_strays_of_a_queue_that_nobody_lists_are_found(store, reader):
    store.client.zadd(store.keys("hidden").ready, {"ghost": 1})

    assert [(stray.queue, stray.job_id) for stray in look(reader).strays] == [("hidden", "ghost")]


def test_limits_of_jobs_are_no_queues(store, reader):
    store.client.zadd("{jobs:limit:x}:holders", {"token": 1})
    store.client.set("{jobs:limit:x}:fence", 1)
    store.client.set("{other:queue}:payloads", 1)

    assert look(reader).is_well


@pytest.mark.parametrize("last", ["holders", "fence"])
def test_key_of_a_limit_of_another_type_is_set_aside(store, reader, last):
    store.client.hset(key := f"{{jobs:limit:x}}:{last}", "a", 1)

    assert keys_of(look(reader).problems) == [key]
    assert keys_of(look(reader, repair=True).mended) == [key]
    assert look(reader).is_well


@pytest.mark.parametrize("name", ["traits", "notes"])
def test_what_is_kept_beside_a_job_that_is_gone_goes_too(store, reader, name):
    [job_id] = push(store, "default")
    key = getattr(store.keys("default"), name)
    store.client.hset(key, mapping={"gone": "{}", job_id: "{}"})

    [problem] = look(reader).problems
    assert (problem.key, "job gone" in problem.reason) == (key, True)
    assert keys_of(look(reader, repair=True).mended) == [key]
    assert store.client.hkeys(key) == [job_id.encode()]
    assert look(reader).is_well


def test_queue_name_that_is_not_utf_8_goes_when_it_has_no_key(store, reader):
    store.client.sadd(store.shared.queues, b"\xff")

    assert r"not UTF-8: \xff" in look(reader).problems[0].reason
    assert len(look(reader, repair=True).mended) == 1
    assert store.client.smembers(store.shared.queues) == set()


def test_queue_name_that_is_not_utf_8_stays_while_it_has_jobs(store, reader):
    store.client.sadd(store.shared.queues, b"\xff")
    store.client.hset(b"{jobs:\xff}:payloads", "a", "{}")

    diagnosis = look(reader, repair=True)

    assert "by hand" in diagnosis.problems[0].remedy
    assert store.client.smembers(store.shared.queues) == {b"\xff"}
    assert [stray.found for stray in diagnosis.repaired] == ["nowhere"]


def test_ids_that_are_not_utf_8_are_named_and_their_strays_repaired(store, reader):
    keys = store.keys("default")
    store.client.hset(keys.payloads, ODD_ID, b'{"priority":0}')
    store.client.zadd(keys.dead, {ODD_ID: 1})
    store.client.zadd(keys.retry, {ODD_ID: 1})

    diagnosis = look(reader, repair=True)

    assert keys_of(diagnosis.problems)[:2] == [keys.payloads, keys.retry]
    assert all(r"\xff\xfe" in problem.reason for problem in diagnosis.problems)
    assert [stray.job_id.encode("utf-8", "surrogateescape") for stray in diagnosis.repaired] == [
        ODD_ID
    ]
    assert store.client.zcard(keys.dead) + store.client.zcard(keys.retry) == 1


def test_owner_whose_place_cannot_be_read_gets_one(store, reader):
    push(store, priority=7)
    [job_id] = fetch(store)
    running = store.keys("default").running
    store.client.hset(running, job_id, f"{WORKER}|soon")

    assert keys_of(look(reader).problems) == [running]
    assert keys_of(look(reader, repair=True).mended) == [running]

    assert store.client.hget(running, job_id) == f"{WORKER}|{93 << 44}".encode()


@pytest.mark.parametrize("owner", [b"", b"nobody", b"|", b"|7"])
def test_job_that_runs_under_nobody_is_made_ready_again(store, reader, owner):
    push(store)
    [job_id] = fetch(store)
    store.client.hset(store.keys("default").running, job_id, owner)

    diagnosis = look(reader, repair=True)

    assert [(stray.job_id, stray.found) for stray in diagnosis.repaired] == [
        (job_id, "running without a worker")
    ]
    assert look(reader).is_well


@pytest.mark.parametrize("owner", ["w|7", "w#12|7"])
def test_both_forms_of_an_owner_are_read(store, reader, owner):
    job_id = put(store, "ready")
    store.client.zrem(store.keys("default").ready, job_id)
    store.client.hset(store.keys("default").running, job_id, owner)

    found = inspect.find(job_id, reader)

    assert (found.place, found.worker) == ("running", "w")
    assert reader.problems == ()


def test_counter_that_is_no_number_is_kept_in_another_field(store, reader):
    fill(store)
    stats = store.keys("default").stats
    store.client.hset(stats, "processed", "many")

    assert keys_of(look(reader).problems) == [stats]
    assert keys_of(look(reader, repair=True).mended) == [stats]

    assert store.client.hget(stats, "processed") is None
    assert store.client.hget(stats, "processed:set-aside") == b"many"
    assert look(reader).is_well


def test_heartbeat_and_receipt_without_an_end_get_one(store, reader):
    beat(store, "w")
    store.client.persist(store.shared.worker("w"))
    [job_id] = push(store)
    store.client.persist(receipt := store.keys("default").receipt([job_id]))

    assert keys_of(look(reader).problems) == [store.shared.worker("w"), receipt]
    assert len(look(reader, repair=True).mended) == 2

    assert 0 < store.client.ttl(store.shared.worker("w")) <= 60
    assert 0 < store.client.ttl(receipt) <= 60
    assert look(reader).is_well


def test_a_sound_redis_is_left_as_it_is(store, reader):
    fill(store, "default")
    beat(store)
    store.client.persist(store.keys("default").stats)
    before = content_of_all_keys(store)

    assert look(reader, repair=True).is_well
    assert content_of_all_keys(store) == before


def test_many_keys_are_found_in_portions(store, reader):
    names = {f"q{n}" for n in range(520)}
    for name in names:
        store.client.hset(store.keys(name).meta, "paused", 1)

    assert names <= set(look(reader).queues)


def test_command_tells_what_was_repaired_and_what_is_left(store):
    fill(store)
    replace(store, store.keys("default").bell)
    store.client.sadd(store.shared.queues, "a\x1b[31m")
    replace(store, store.keys("other").payloads)
    out = StringIO()

    with pytest.raises(CommandError, match="1 problem"):
        call_command("jobs", "doctor", "--repair", stdout=out, stderr=out)

    assert (
        "Repaired: {jobs:default}:bell: It is of type string and should be list." in out.getvalue()
    )
    assert "Problem: {jobs:other}:payloads: It is of type string" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_json_names_what_cannot_be_read(store):
    fill(store)
    replace(store, store.keys("default").dead)
    out = StringIO()

    call_command("jobs", "stats", "--json", stdout=out, stderr=StringIO())

    problems = json.loads(out.getvalue())["problems"]
    [problem] = [each for each in problems if each["kind"] == "unreadable"]
    assert problem["key"] == store.keys("default").dead
