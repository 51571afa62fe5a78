"""condemn.lua and leave.lua end the life of a worker's name.

Who is given up takes nothing any more. Who is forgotten does not come back.
"""

import pytest

HOUR = 3_600_000


def stood_at(q, worker="w"):
    """Return the score of a lease as a watcher sees it."""
    return {lease.worker: lease.score for lease in q.leases.renew("q", [])}[worker]


def test_worker_whose_score_stood_still_is_given_up(q):
    q.fetch("w", 0)

    assert q.leases.condemn("q", "w", stood_at(q))

    assert q.score("leases", "w") == 0


@pytest.mark.parametrize("sign_of_life", ["fetch", "renew"])
def test_worker_that_gave_a_sign_of_life_wins_the_race(q, sign_of_life):
    q.fetch("w", 0)
    seen = stood_at(q)
    if sign_of_life == "fetch":
        q.fetch("w", 0)
    else:
        q.leases.renew("q", ["w"])
    score = q.score("leases", "w")

    assert not q.leases.condemn("q", "w", seen)

    assert q.score("leases", "w") == score
    assert q.fetch("w", 0).state == "good"


def test_of_two_watchers_the_second_finds_the_work_done(q):
    q.fetch("w", 0)
    seen = stood_at(q)

    assert q.leases.condemn("q", "w", seen)
    assert not q.leases.condemn("q", "w", seen)
    assert q.leases.condemn("q", "w", stood_at(q))  # who sees the recovery half done takes it up


def test_worker_that_was_forgotten_meanwhile_is_not_given_up(q):
    q.fetch("w", 0)
    seen = stood_at(q)
    q.leases.leave("q", "w")

    assert not q.leases.condemn("q", "w", seen)

    assert q.score("leases", "w") is None


def test_dead_worker_is_given_up_whatever_its_lease(q):
    q.fetch("w", 0)

    assert q.leases.condemn("q", "w")

    assert q.score("leases", "w") == 0


def test_worker_given_up_before_is_given_up_again(q):
    q.fetch("w", 0)
    q.leases.condemn("q", "w")

    assert q.leases.condemn("q", "w")
    assert q.score("leases", "w") == 0


def test_dead_worker_that_nobody_knows_gets_no_lease_but_cannot_join(q):
    before = q.now()

    assert q.leases.condemn("q", "w")

    assert q.score("leases", "w") is None
    assert before <= q.score("ended", "w") <= q.now()


def test_known_worker_has_not_ended_while_its_jobs_may_run(q):
    q.fetch("w", 0)

    q.leases.condemn("q", "w")

    assert q.score("ended", "w") is None


def test_given_up_worker_keeps_its_jobs_until_they_are_taken_back(q):
    q.push("a")
    q.take("w")

    q.leases.condemn("q", "w")

    assert q.running() == {"a": "w"}


# Leaving


def test_nothing_is_left_of_a_worker_but_the_time_at_which_it_ended(q):
    q.fetch("w", 0)
    q.fetch("other", 0)
    before = q.now()

    q.leases.leave("q", "w")

    assert q.ids("leases") == ["other"]
    assert q.client.hkeys(q.keys.seen) == q.client.hkeys(q.keys.terms) == [b"other"]
    assert before <= q.score("ended", "w") <= q.now()


def test_name_may_be_used_again_after_an_hour(q):
    q.client.zadd(q.keys.ended, {"old": q.now() - HOUR - 1, "young": q.now() - HOUR + 60_000})

    q.leases.leave("q", "w")

    assert q.ids("ended") == ["young", "w"]
    assert q.fetch("old", 0).state == "new"
    assert q.fetch("young", 0).state == "given up"


def test_leaving_again_or_unknown_harms_nothing(q):
    q.fetch("w", 0)

    q.leases.leave("q", "w")
    q.leases.leave("q", "w")
    q.leases.leave("q", "unknown")

    assert sorted(q.ids("ended")) == ["unknown", "w"]
