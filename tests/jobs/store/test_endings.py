"""fetch.lua ends the jobs that a fetch reports.

An ending counts for the very taking that it names, and for no other.
"""

import pytest

from jobs.store import Terms
from jobs.store.session import MOST_JOBS


def test_finished_job_is_gone_and_counted(q):
    q.push("a", "b")
    q.take("w", 2)

    fetched = q.fetch("w", 0, finished=["a"])

    assert fetched.lost == []
    assert q.places() == {"b": ["running"]}
    assert q.stat("processed") == 1
    assert q.stat(f"processed:{q.now() // 86_400_000}") == 1


def test_one_job_is_finished_and_the_next_taken_in_one_call(q):
    q.push("a", "b")
    q.take("w")

    assert q.take("w", 1, finished=["a"]) == ["b"]
    assert q.running() == {"b": "w"}


def test_as_many_are_handed_in_as_can_be_taken(q):
    q.push(*[f"{n:04}" for n in range(MOST_JOBS)])
    taken = q.take("w", MOST_JOBS)

    assert q.fetch("w", 0, finished=taken).lost == []

    assert q.places() == {}
    assert q.stat("processed") == MOST_JOBS


def test_job_of_another_worker_cannot_be_finished(q):
    q.push("a", "b")
    q.take("w1")
    q.take("w2")

    fetched = q.fetch("w2", 0, finished=["a", "b"])

    assert fetched.lost == ["a"]
    assert q.places() == {"a": ["running"]}
    assert q.stat("processed") == 1


def test_name_that_is_the_beginning_of_another_owns_nothing_of_it(q):
    q.push("a")
    q.take("host:1.1")

    assert q.fetch("host:1", 0, finished=["a"]).lost == ["a"]
    assert q.running() == {"a": "host:1.1"}


@pytest.mark.parametrize("number", [1, 10, 101])
def test_number_that_is_the_beginning_of_another_owns_nothing_of_it(q, number):
    q.push("a")
    q.fetch("w", 1, first=100)

    assert q.fetch("w", 0, finished=[("a", number)]).lost == ["a"]
    assert q.token("a") == "w#100"


def test_ending_of_an_earlier_taking_by_the_same_worker_does_nothing(q):
    q.push("a")
    q.take("w")
    earlier = q.number("a")
    q.release("a")
    q.take("w")

    assert q.fetch("w", 0, finished=[("a", earlier)]).lost == ["a"]

    assert q.places() == {"a": ["running"]}
    assert q.stat("processed") == 0
    assert q.fetch("w", 0, finished=["a"]).lost == []


def test_finish_sent_again_reports_the_job_as_lost_and_harms_nothing(q):
    q.push("a")
    q.take("w")
    ending = ("a", q.number("a"))
    q.take("w", 0, finished=[ending])

    assert q.fetch("w", 0, finished=[ending]).lost == ["a"]
    assert q.stat("processed") == 1


def test_same_ending_twice_in_one_fetch_harms_nothing(q):
    q.push("a", "b")
    q.take("w", 2)

    assert q.fetch("w", 0, finished=["a", "a"]).lost == []
    assert q.places() == {"b": ["running"]}


def test_finishing_what_was_taken_back_is_refused(q):
    q.push("a")
    q.take("w1")
    number = q.number("a")
    q.release("a")

    assert q.fetch("w1", 0, finished=[("a", number)]).lost == ["a"]
    assert q.places() == {"a": ["ready"]}


def test_lost_endings_are_told_in_the_order_of_those_that_were_sent(q):
    q.push("b")
    q.take("w")

    assert q.fetch("w", 0, finished=[("c", 1), "b", ("a", 2)]).lost == ["c", "a"]


def test_endings_of_a_late_fetch_count_although_it_takes_nothing(q):
    q.push("a", "b")
    q.fetch("w", 1, first=5)
    q.fetch("w", 0, first=9)

    late = q.fetch("w", 1, finished=["a"], first=7)

    assert (late.state, late.lost, late.jobs) == ("void", [], [])
    assert q.places() == {"b": ["ready"]}


def test_endings_of_a_worker_that_was_given_up_count(q):
    q.push("a", "b")
    q.take("w")
    q.leases.condemn("q", "w")

    fetched = q.fetch("w", 1, finished=["a"])

    assert (fetched.state, fetched.lost, fetched.jobs) == ("given up", [], [])
    assert q.places() == {"b": ["ready"]}


def test_endings_of_a_worker_that_was_forgotten_count_while_nobody_took_its_jobs_back(q):
    q.push("a")
    q.take("w")
    q.leases.leave("q", "w")

    fetched = q.fetch("w", 0, finished=["a"])

    assert (fetched.state, fetched.lost) == ("given up", [])
    assert q.places() == {}


def test_id_that_is_no_utf8_is_finished_and_told_as_it_came(q):
    job_id = b"\xff\xfe"
    q.client.hset(q.keys.payloads, job_id, b"{}")
    q.client.zadd(q.keys.ready, {job_id: 1})
    [(text, _)] = q.store.running.fetch("q", "w", 1, terms=Terms(15), first=1).jobs

    assert q.store.running.fetch(
        "q", "w", 0, terms=Terms(15), first=2, finished=[(text, 7), (text, 1)]
    ).lost == [text]

    assert q.client.hlen(q.keys.running) == 0
    assert q.payloads() == set()
