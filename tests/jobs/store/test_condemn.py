"""condemn.lua: who is given up takes nothing any more."""


def test_dead_worker_is_given_up_whatever_its_lease(q):
    q.fetch("w", 0)

    assert q.store.condemn("q", "w", is_dead=True)

    assert q.score("leases", "w") == 0


def test_living_worker_is_not_given_up_on_suspicion(q):
    q.fetch("w", 0)
    deadline = q.score("leases", "w")

    assert not q.store.condemn("q", "w", is_dead=False)

    assert q.score("leases", "w") == deadline


def test_worker_whose_lease_ran_out_is_given_up(q):
    q.client.zadd(q.keys.leases, {"w": q.now() - 1})

    assert q.store.condemn("q", "w", is_dead=False)

    assert q.score("leases", "w") == 0


def test_worker_given_up_before_is_given_up_again(q):
    q.fetch("w", 0)
    q.store.condemn("q", "w", is_dead=True)

    assert q.store.condemn("q", "w", is_dead=False)


def test_worker_that_renewed_in_time_wins_the_race(q):
    q.client.zadd(q.keys.leases, {"w": q.now() - 1})
    assert q.fetch("other", 0).expired_worker == "w"
    q.store.renew("q", ["w"], 15)

    assert not q.store.condemn("q", "w", is_dead=False)


def test_unknown_worker_is_left_unknown(q):
    assert not q.store.condemn("q", "w", is_dead=True)

    assert q.score("leases", "w") is None


def test_given_up_worker_keeps_its_jobs_until_they_are_taken_back(q):
    q.push("a")
    q.take("w")

    q.store.condemn("q", "w", is_dead=True)

    assert q.running() == {"a": "w"}
