"""Every move of a job in hard times.

Redis is full, a key that only gives speed is broken, or Redis knows no script.
"""

import pytest
import redis

from jobs.errors import StoreUnavailable
from jobs.store import Slots, Store
from jobs.store.reader import Reader
from jobs.store.set_reader import Ranks, SetReader
from tests.jobs.store.sample_queue import SampleQueue, new_job, raw_payload
from tests.jobs.store.servers import running_server


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with running_server(
        tmp_path_factory.mktemp("full"), "--maxmemory-policy", "noeviction"
    ) as port:
        yield port


@pytest.fixture
def full(port):
    """Return a queue on a server that is full.

    Worker w runs job a, and one job lies in each other place.
    """
    with redis.Redis(port=port) as client:
        client.config_set("maxmemory", 0)
        client.flushall()
        store = Store(f"redis://127.0.0.1:{port}/0", timeout=5)
        q = fill(SampleQueue(store))
        client.config_set("maxmemory", "1mb")
        yield q
    store.close()


def fill(q):
    q.push("a", "b")
    q.take("w")
    q.push("retried", "killed", priority=1)
    q.take("other", 2)
    q.store.running.fail(
        "q", q.token("retried"), "retried", raw_payload("retried"), "retry", delay_seconds=60
    )
    q.store.running.fail("q", q.token("killed"), "killed", raw_payload("killed"), "dead")
    q.push("later", due="+100000")
    q.client.hset(q.keys.payloads, "expired", b"{}")
    q.client.zadd(q.keys.done, {"expired": 1})
    q.silence()
    return q


# Each makes a move, and returns where job a is then.


def finish_on_the_way(q):
    assert q.fetch("w", 0, finished=["a"]).lost == []


def take(q):
    assert q.take("w2") == ["b"]
    assert q.places()["b"] == ["running"]
    return "running"


def finish(q):
    assert q.store.running.finish("q", "w#1", "a", b"result", 60)
    return "done"


def retry(q):
    assert q.store.running.fail("q", "w#1", "a", b"new", "retry", delay_seconds=1)
    return "retry"


def die(q):
    assert q.store.running.fail("q", "w#1", "a", b"new", "dead")
    return "dead"


def discard(q):
    assert q.store.running.fail("q", "w#1", "a", b"new", "discard")


def crash(q):
    assert q.store.running.fail("q", "w#1", "a", b"new", "retry", counter="crashed")
    return "retry"


def give_back(q):
    assert q.store.running.release("q", [("w#1", "a", b"new")]) == 1
    return "ready"


def move(q):
    assert q.store.sets.move("q", "dead", "ready", ["killed"]) == 1
    assert q.places()["killed"] == ["ready"]
    return "running"


def delete(q):
    assert q.store.sets.move("q", "retry", "delete", ["retried"]) == 1
    assert "retried" not in q.places()
    return "running"


def repair(q):
    q.client.hdel(q.keys.running, "a")
    assert q.store.sets.audit("q", ["a"], repair=True) == [("a", "nowhere")]
    return "ready"


def recover(q):
    [lease] = [lease for lease in q.leases.renew("q", ["other"]) if lease.worker == "w"]
    assert q.leases.condemn("q", "w", lease.score)
    assert q.leases.condemn("q", "unknown")
    [(job_id, token)] = q.store.running.list_running("q", "w")
    assert q.store.running.release("q", [(token, job_id, b"")]) == 1
    q.leases.leave("q", "w")
    return "ready"


MOVES = [
    finish_on_the_way,
    take,
    finish,
    retry,
    die,
    discard,
    crash,
    give_back,
    move,
    delete,
    repair,
    recover,
]


def check(q, make_move):
    place = make_move(q)

    assert q.places().get("a") == (place and [place])
    assert q.is_sound()


@pytest.mark.parametrize("make_move", MOVES)
def test_full_server_moves_and_lets_go(full, make_move):
    check(full, make_move)


def test_full_server_takes_nothing_new(full):
    before = full.places()

    with pytest.raises(StoreUnavailable):
        full.push("new")
    with pytest.raises(StoreUnavailable):
        full.store.intake.push_all({"q": [new_job("new")], "r": [new_job("new")]})

    assert full.places() == before
    assert full.rings() == 0


def test_push_to_a_full_server_counts_when_it_is_sent_again_later(full):
    with pytest.raises(StoreUnavailable):
        full.push("new")
    full.client.config_set("maxmemory", 0)

    assert full.push("new") == 1


def test_full_server_is_looked_into(full):
    assert [
        entry.job_id
        for entry in SetReader(Reader(full.store)).portion(Ranks("q", "dead", 0, 9)).entries
    ] == ["killed"]


def test_full_server_gives_slots_and_extends_them(full):
    slots = Slots(full.store, "limit")

    assert slots.acquire("token:1000", 1, 60) == 1
    assert slots.extend("token:1000", 60)


@pytest.mark.parametrize("make_move", MOVES)
@pytest.mark.parametrize("name", ["bell", "stats"])
def test_broken_bell_or_count_breaks_no_move(q, name, make_move):
    fill(q)
    q.client.delete(getattr(q.keys, name))
    q.client.set(getattr(q.keys, name), "of another type")

    check(q, make_move)

    assert q.client.get(getattr(q.keys, name)) == b"of another type"


@pytest.mark.parametrize("due", ["+0", "+100"])
def test_broken_bell_breaks_no_push(q, due):
    q.client.set(q.keys.bell, "of another type")

    assert q.push("a", due=due) == 1
    assert q.is_sound()


@pytest.mark.parametrize("make_move", MOVES)
def test_scripts_that_redis_lost_are_sent_again(q, make_move):
    fill(q)
    q.client.script_flush()

    check(q, make_move)
