"""fetch.lua: what it finds of its worker, and which fetches take nothing."""

import pytest
from redis.exceptions import ResponseError

from jobs.store import Terms
from jobs.store.leases import Lease


def test_worker_is_new_once_and_known_from_then_on(q):
    assert q.fetch("w", 0).state == "new"
    assert q.fetch("w", 0).state == "good"


def test_worker_writes_its_terms_when_it_joins_and_the_format_of_what_runs(q):
    q.store.running.fetch("q", "w", 0, terms=Terms(2.5, 4, 100), first=1)
    q.store.running.fetch("q", "w", 0, terms=Terms(9, 9, 9), first=2)

    assert q.client.hgetall(q.keys.terms) == {b"w": b"2500 4 100"}
    assert q.client.hget(q.keys.meta, "format") == b"2"


def test_fetch_renews_the_lease(q):
    q.fetch("w", 0, lease=1)
    early = q.score("leases", "w")

    q.fetch("w", 0, lease=60)

    assert q.score("leases", "w") >= early + 59_000


def test_score_of_the_lease_changes_with_each_fetch_whatever_the_clock_does(q):
    ahead = q.now() + 3_600_000
    q.fetch("w", 0)
    q.client.zadd(q.keys.leases, {"w": ahead})

    scores = []
    for _ in range(3):
        q.fetch("w", 0, lease=1)
        scores.append(q.score("leases", "w"))

    assert scores == [ahead + 1, ahead + 2, ahead + 3]


def test_late_worker_that_nobody_gave_up_goes_on(q):
    q.push("a")
    q.client.zadd(q.keys.leases, {"w": 1})

    fetched = q.fetch("w", 1)

    assert fetched.state == "good"
    assert [i for i, _ in fetched.jobs] == ["a"]


# Who was given up, and who has ended


def test_worker_that_was_given_up_gets_nothing_and_its_lease_stays_so(q):
    q.push("a")
    q.fetch("w", 0)
    q.leases.condemn("q", "w")

    fetched = q.fetch("w", 1)

    assert (fetched.state, fetched.next_due_seconds, fetched.jobs) == ("given up", None, [])
    assert q.score("leases", "w") == 0
    assert q.places() == {"a": ["ready"]}


def test_worker_that_left_cannot_join_again_under_its_name(q):
    q.push("a")
    q.fetch("w", 0)
    q.leases.leave("q", "w")

    fetched = q.fetch("w", 1)

    assert (fetched.state, fetched.jobs) == ("given up", [])
    assert q.score("leases", "w") is None
    assert q.places() == {"a": ["ready"]}


def test_first_fetch_of_a_worker_that_died_meanwhile_takes_nothing(q):
    q.push("a")
    q.leases.condemn("q", "w")

    fetched = q.fetch("w", 1)

    assert (fetched.state, fetched.jobs) == ("given up", [])
    assert q.score("leases", "w") is None
    assert q.places() == {"a": ["ready"]}


def test_name_that_ended_bars_no_other(q):
    q.push("a")
    q.leases.condemn("q", "w")

    assert q.take("w.1") == ["a"]


def test_fetch_that_takes_nothing_promotes_nothing_and_rings_not(q):
    q.client.zadd(q.keys.scheduled, {"a": 1})
    q.client.hset(q.keys.payloads, "a", b"{}")
    q.leases.condemn("q", "w")

    q.fetch("w", 1)

    assert q.places() == {"a": ["scheduled"]}
    assert q.rings() == 0


# Which fetches come too late


@pytest.mark.parametrize("number", [1, 9, 10])
def test_fetch_with_no_higher_number_than_one_before_takes_nothing(q, number):
    q.push("a")
    q.fetch("w", 0, first=10)

    fetched = q.fetch("w", 1, first=number)

    assert (fetched.state, fetched.jobs) == ("void", [])
    assert q.places() == {"a": ["ready"]}
    assert q.client.hget(q.keys.seen, "w") == b"10"


def test_fetch_with_a_higher_number_takes_again_after_one_that_was_void(q):
    q.push("a")
    q.fetch("w", 0, first=10)
    q.fetch("w", 1, first=3)

    assert [i for i, _ in q.fetch("w", 1, first=11).jobs] == ["a"]


def test_fetch_of_nothing_makes_an_earlier_one_void(q):
    q.push("a")
    q.fetch("w", 0, first=1)
    q.fetch("w", 0, first=500)

    assert q.fetch("w", 5, first=100).state == "void"
    assert q.running() == {}


def test_numbers_are_compared_as_numbers_however_large(q):
    q.push("a")
    q.fetch("w", 0, first=9_999_999_999_999)

    assert q.fetch("w", 1, first=10_000_000_000_000).state == "good"
    assert q.token("a") == "w#10000000000000"
    assert q.client.hget(q.keys.seen, "w") == b"10000000000000"


def test_numbers_of_one_worker_are_nothing_to_another(q):
    q.push("a")
    q.fetch("w1", 0, first=100)

    assert q.fetch("w2", 1, first=1).state == "new"
    assert q.token("a") == "w2#1"


def test_late_fetch_renews_the_lease_promotes_and_wakes_the_next(q):
    q.client.hset(q.keys.payloads, "a", b"{}")
    q.fetch("w", 0, first=10)
    before = q.score("leases", "w")
    q.client.zadd(q.keys.scheduled, {"a": 1})

    q.fetch("w", 1, first=9)

    assert q.score("leases", "w") > before
    assert q.places() == {"a": ["ready"]}
    assert q.rings() == 1


# Formats


def test_newer_format_is_refused_before_anything_is_done(q):
    q.push("a", "b")
    q.take("w")
    q.client.hset(q.keys.meta, "format", 3)
    before = q.places(), q.score("leases", "w")

    with pytest.raises(ResponseError, match="JOBSFORMAT a newer version serves this queue"):
        q.fetch("w", 1, finished=["a"])

    assert (
        (q.places(), q.score("leases", "w"))
        == before
        == ({"a": ["running"], "b": ["ready"]}, before[1])
    )


def test_ending_that_a_newer_format_refused_counts_when_it_is_sent_again(q):
    q.push("a")
    q.take("w")
    q.client.hset(q.keys.meta, "format", 3)
    with pytest.raises(ResponseError, match="JOBSFORMAT"):
        q.fetch("w", 0, finished=["a"])
    q.client.hset(q.keys.meta, "format", 2)

    assert q.fetch("w", 0, finished=["a"]).lost == []
    assert q.places() == {}


@pytest.mark.parametrize("written", ["2", "1", "no number"])
def test_format_that_is_not_newer_is_served(q, written):
    q.client.hset(q.keys.meta, "format", written)
    q.push("a")

    assert q.take("w") == ["a"]
    assert q.client.hget(q.keys.meta, "format") == written.encode()


# The leases of all


def test_what_a_fetch_wrote_is_what_a_watcher_sees(q):
    q.store.running.fetch("q", "w", 0, terms=Terms(2.5, 4, 100), first=1)
    score = f"{q.score('leases', 'w'):.0f}"

    assert q.leases.renew("q", []) == [Lease("w", score, Terms(2.5, 4, 100))]
