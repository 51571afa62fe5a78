"""list_running.lua lists what runs under one name.

It answers in portions, with the token of each taking.
"""


def test_only_the_jobs_of_this_worker_are_listed_with_their_tokens(q):
    q.push("a", "b", "c")
    q.fetch("w", 2, first=7)
    q.take("other")

    assert sorted(q.store.running.list_running("q", "w")) == [("a", "w#7"), ("b", "w#8")]


def test_worker_whose_name_begins_with_the_same_letters_is_another(q):
    q.push("a", "b", "c", "d")
    for worker in ("host:1", "host:12", "host:1.1", "host:"):
        q.take(worker)

    assert q.store.running.list_running("q", "host:1") == [("a", "host:1#1")]


def test_job_taken_by_a_version_without_numbers_is_listed_under_the_name_alone(q):
    q.client.hset(q.keys.running, mapping={"a": "w|123", "b": "w2|123", "c": "w#4|123"})

    assert sorted(q.store.running.list_running("q", "w")) == [("a", "w"), ("c", "w#4")]


def test_place_that_is_no_number_hides_no_job(q):
    q.client.hset(q.keys.running, mapping={"a": "w#1|", "b": "w#2|what", "c": "garbage", "d": ""})

    assert sorted(q.store.running.list_running("q", "w")) == [("a", "w#1"), ("b", "w#2")]


def test_worker_without_jobs_has_an_empty_list(q):
    assert q.store.running.list_running("q", "w") == []


def test_job_without_payload_is_listed(q):
    q.push("a")
    q.take("w")
    q.client.hdel(q.keys.payloads, "a")

    assert q.store.running.list_running("q", "w") == [("a", "w#1")]


def test_ids_and_names_that_are_no_utf8_are_listed_as_they_can_be_sent_again(q):
    q.client.hset(q.keys.running, b"\xff", b"w\xfe#1|5")
    q.client.hset(q.keys.payloads, b"\xff", b"{}")

    [(job_id, token)] = q.store.running.list_running(
        "q", b"w\xfe".decode("utf-8", "surrogateescape")
    )

    assert q.store.running.release("q", [(token, job_id, b"")]) == 1
    assert q.client.zrange(q.keys.ready, 0, -1) == [b"\xff"]


def test_payload_of_one_job_is_read(q):
    q.push("a")

    assert q.store.running.payload("q", "a") == q.payload("a")
    assert q.store.running.payload("q", "b") is None


def test_long_list_comes_in_portions_and_is_complete(q):
    ids = [f"{n:05}" for n in range(10_000)]
    for start in range(0, 10_000, 1000):
        q.push(*ids[start : start + 1000])
        q.take("w" if start else "other", 1000)
    q.client.config_resetstat()

    listed = q.store.running.list_running("q", "w")

    assert sorted(job_id for job_id, _ in listed) == ids[1000:]
    calls = q.client.info("commandstats")["cmdstat_hscan"]["calls"]
    assert 10 <= calls <= 40  # 500 or so in each


def test_entry_that_a_scan_shows_twice_is_listed_once(q, monkeypatch):
    answers = iter([(b"1", [b"a", b"w#1", b"b", b"w#2"]), (b"0", [b"a", b"w#1"])])
    monkeypatch.setattr(q.store, "run", lambda *call: next(answers))

    assert q.store.running.list_running("q", "w") == [("a", "w#1"), ("b", "w#2")]
