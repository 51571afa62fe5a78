"""The script `rewrite`: payloads are written anew where nobody has changed them."""

from tests.jobs.worker.made_jobs import client_of, push


def test_payload_is_written_where_it_is_as_it_was_read(store):
    key = store.keys("default").payloads
    first, second = push(store, count=2)
    read = client_of(store).hgetall(key)
    client_of(store).hset(key, second, b"changed")

    changes = [(first, read[first.encode()], b"new"), (second, read[second.encode()], b"new")]
    written = store.sets.rewrite("default", [*changes, ("gone", b"", b"new")])

    assert written == 1
    assert client_of(store).hgetall(key) == {first.encode(): b"new", second.encode(): b"changed"}


def test_second_call_writes_nothing_more(store):
    (job_id,) = push(store)
    read = client_of(store).hget(store.keys("default").payloads, job_id)

    assert store.sets.rewrite("default", [(job_id, read, b"new")]) == 1
    assert store.sets.rewrite("default", [(job_id, read, b"new")]) == 0
    assert store.sets.rewrite("default", []) == 0
