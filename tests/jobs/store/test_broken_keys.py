"""A key of another type refuses a move.

The job stays where it was, and nothing is lost.
"""

import pytest
from redis.exceptions import ResponseError

from tests.jobs.worker.made_jobs import broken_jobs, client_of, place_of, push, take

BREAKINGS = {
    "retry": (
        "retry",
        lambda store, token, job_id: store.running.fail("default", token, job_id, b"{}", "retry"),
    ),
    "dead": (
        "dead",
        lambda store, token, job_id: store.running.fail("default", token, job_id, b"{}", "dead"),
    ),
    "done": (
        "done",
        lambda store, token, job_id: store.running.finish("default", token, job_id, b"{}", 60),
    ),
    "release": (
        "ready",
        lambda store, token, job_id: store.running.release("default", [(token, job_id, b"")]),
    ),
}


@pytest.mark.parametrize("broken", BREAKINGS)
def test_ending_that_redis_refused_can_be_sent_again(store, broken):
    """The job was once gone from `running` without a new place.

    Then the second sending of the ending found nothing to end.
    """
    (job_id,) = push(store)
    [(_, number)] = take(store, "w")
    name, end = BREAKINGS[broken]
    key = getattr(store.keys("default"), name)
    client_of(store).set(key, "of another type")

    with pytest.raises(ResponseError):
        end(store, f"w#{number}", job_id)
    client_of(store).delete(key)

    assert place_of(store, job_id) == "running"
    assert end(store, f"w#{number}", job_id)
    assert place_of(store, job_id) == name
    assert broken_jobs(store) == []


def test_job_stays_where_it_was_when_the_set_it_moves_to_is_refused(store):
    (job_id,) = push(store)
    dead = store.keys("default").dead
    client_of(store).set(dead, "of another type")

    with pytest.raises(ResponseError):
        store.sets.move("default", "ready", "dead", [job_id])
    client_of(store).delete(dead)

    assert place_of(store, job_id) == "ready"


@pytest.mark.parametrize("name", ["running", "payloads"])
def test_nothing_is_taken_while_a_hash_is_refused(store, name):
    ids = push(store, count=40)
    take(store, "w")
    key = getattr(store.keys("default"), name)
    client_of(store).rename(key, "aside")
    client_of(store).set(key, "of another type")

    with pytest.raises(ResponseError):
        take(store, "w", 40)
    client_of(store).rename("aside", key)

    assert [place_of(store, job_id) for job_id in ids] == ["running", *["ready"] * 39]
    assert broken_jobs(store) == []


@pytest.mark.parametrize("place", ["ready", "dead"])
def test_job_that_moves_to_where_it_is_stays_there(store, place):
    (job_id,) = push(store)
    store.sets.move("default", "ready", place, [job_id])

    assert store.sets.move("default", place, place, [job_id]) == 1

    assert place_of(store, job_id) == place
