"""renew.lua: one call keeps all workers of a supervisor alive."""


def test_leases_of_several_workers_are_renewed(q):
    q.store.fetch("q", "w1", 0, lease=1, join=True)
    q.store.fetch("q", "w2", 0, lease=1, join=True)
    before = q.now()

    assert q.store.renew("q", ["w1", "w2"], 60) == 2

    assert min(q.score("leases", "w1"), q.score("leases", "w2")) >= before + 60_000


def test_late_renewal_counts_while_nobody_gave_the_worker_up(q):
    q.client.zadd(q.keys.leases, {"w": 1})

    assert q.store.renew("q", ["w"], 15) == 1


def test_worker_that_was_given_up_stays_so(q):
    q.fetch("w", 0)
    q.store.condemn("q", "w", is_dead=True)

    assert q.store.renew("q", ["w"], 15) == 0

    assert q.score("leases", "w") == 0


def test_unknown_worker_gets_no_lease(q):
    q.fetch("known", 0)

    assert q.store.renew("q", ["unknown", "known"], 15) == 1

    assert q.score("leases", "unknown") is None


def test_renewal_of_nobody_does_nothing(q):
    assert q.store.renew("q", [], 15) == 0
