"""renew.lua renews the leases of a supervisor's workers.

One call keeps them all alive, and shows the leases of all workers.
"""

import pytest

from jobs.store import Lease, Leases, Terms

#: The terms of whoever asks, for workers whose own nobody can read.
OURS = Terms(60, 3, 7)


@pytest.fixture
def leases(store):
    return Leases(store, OURS)


def shown(renewed):
    return {lease.worker: lease.score for lease in renewed}


def test_leases_of_several_workers_are_renewed(q, leases):
    q.fetch("w1", 0, lease=1)
    q.fetch("w2", 0, lease=1)
    before = q.now()

    leases.renew("q", ["w1", "w2"])

    assert min(q.score("leases", "w1"), q.score("leases", "w2")) >= before + 60_000


def test_leases_of_all_are_shown_as_redis_wrote_them_after_the_renewal(q, leases):
    q.fetch("ours", 0)
    q.fetch("theirs", 0)
    theirs = q.score("leases", "theirs")

    renewed = shown(leases.renew("q", ["ours"]))

    assert renewed == {"ours": f"{q.score('leases', 'ours'):.0f}", "theirs": f"{theirs:.0f}"}


def test_each_lease_comes_with_the_terms_of_its_worker(q, leases):
    q.store.running.fetch("q", "w1", 0, terms=Terms(2.5, 4, 100), first=1)
    q.store.running.fetch("q", "w2", 0, terms=Terms(15), first=1)

    terms = {lease.worker: lease.terms for lease in leases.renew("q", [])}

    assert terms == {"w1": Terms(2.5, 4, 100), "w2": Terms(15, 1, 0)}


@pytest.mark.parametrize("written", [None, "", "15000", "15000 1", "a b c", "1.5 1 0", b"\xff 1 0"])
def test_terms_of_another_form_count_as_our_own(q, leases, written):
    q.fetch("w", 0)
    q.client.hdel(q.keys.terms, "w")
    if written is not None:
        q.client.hset(q.keys.terms, "w", written)

    assert [lease.terms for lease in leases.renew("q", [])] == [OURS]


def test_terms_of_a_newer_form_are_read_as_far_as_they_are_known(q, leases):
    q.fetch("w", 0)
    q.client.hset(q.keys.terms, "w", "2500 4 100 more")

    assert [lease.terms for lease in leases.renew("q", [])] == [Terms(2.5, 4, 100)]


def test_score_changes_with_each_renewal_whatever_the_clock_does(q, leases):
    ahead = q.now() + 3_600_000
    q.client.zadd(q.keys.leases, {"w": ahead})

    scores = [shown(leases.renew("q", ["w"]))["w"] for _ in range(3)]

    assert scores == [str(ahead + n) for n in (1, 2, 3)]


def test_late_renewal_counts_while_nobody_gave_the_worker_up(q, leases):
    q.client.zadd(q.keys.leases, {"w": 1})

    assert int(shown(leases.renew("q", ["w"]))["w"]) >= q.now() + 50_000


def test_worker_that_was_given_up_stays_so(q, leases):
    q.fetch("w", 0)
    leases.condemn("q", "w")

    assert shown(leases.renew("q", ["w"])) == {"w": "0"}

    assert q.score("leases", "w") == 0


def test_unknown_worker_gets_no_lease(q, leases):
    q.fetch("known", 0)

    assert set(shown(leases.renew("q", ["unknown", "known"]))) == {"known"}

    assert q.score("leases", "unknown") is None


def test_queue_without_workers_shows_nothing(q, leases):
    assert leases.renew("q", []) == []
    assert leases.renew("q", ["w"]) == []


def test_name_that_is_no_utf8_is_shown_and_renewed(q, leases):
    q.client.zadd(q.keys.leases, {b"\xff": 1})
    [lease] = leases.renew("q", [])

    assert int(shown(leases.renew("q", [lease.worker]))[lease.worker]) > 1


def test_lease_is_shown_with_all_that_a_watcher_needs(q, leases):
    q.client.zadd(q.keys.leases, {"w": 12})

    assert leases.renew("q", []) == [Lease("w", "12", OURS)]
