"""Failures in groups of those that are alike.

Alike means the same class, the same error class, and the same shape of message.
"""

from jobs.control import mark_deploy
from jobs.inspect import failures
from jobs.inspect.failures import failure_groups
from jobs.inspect.job_sets import job_set
from jobs.store import set_reader
from jobs.store.reader import Reader
from jobs.store.scripts import Scripts
from tests.jobs.inspect.filling import failure, put


def test_jobs_that_failed_alike_are_one_group_over_queues_and_sets(store, reader):
    for n, (name, queue) in enumerate(
        [("retry", "default"), ("dead", "default"), ("dead", "high")]
    ):
        put(
            store,
            name,
            queue,
            errors=[failure("orders.Declined", f"Order {n} declined", at=1000.0 + n)],
        )
    other = put(store, "dead", errors=[failure("orders.Declined", "Bank closed", at=5.0)])
    put(store, "dead")

    found = failure_groups(reader)

    assert [(g.shape, g.retry, g.dead, g.count) for g in found.groups] == [
        ("Order … declined", 1, 2, 3),
        ("Bank closed", 0, 1, 1),
    ]
    assert (found.looked_at, found.total) == (5, 5)
    first = found.groups[0]
    assert first.example.error_message == "Order 2 declined"
    assert (first.first_at.timestamp(), first.last_at.timestamp()) == (1000, 1002)
    assert [job.id for job in job_set("dead", found.groups[1].filter, reader=reader).jobs] == [
        other
    ]


def test_only_the_latest_are_looked_at_and_each_set_has_its_share(store, reader, monkeypatch):
    monkeypatch.setattr(failures, "LOOK_AT", 20)
    monkeypatch.setattr(set_reader, "PORTION", 7)
    for n in range(90):
        put(store, "dead", at=1_764_000_000 + n, errors=[failure("E", "old" if n < 60 else "new")])
    for n in range(10):
        put(store, "retry", at=1_764_000_000 + n, errors=[failure("E", "waits")])

    found = failure_groups(reader)

    assert {g.shape: g.count for g in found.groups} == {"new": 17, "waits": 2}
    assert (found.looked_at, found.total) == (19, 100)


def test_many_small_sets_do_not_add_up_to_more(store, reader, monkeypatch):
    monkeypatch.setattr(failures, "LOOK_AT", 20)
    for n in range(15):
        for _ in range(3):
            put(store, "dead", f"queue{n:02}", errors=[failure("E", chr(97 + n) * 3)])

    found = failure_groups(reader)

    assert len(found.groups) == 15
    assert (found.looked_at, found.total) == (15, 45)


def test_sets_of_many_queues_are_looked_at_together(store, reader, monkeypatch):
    monkeypatch.setattr(set_reader, "PORTION", 2)
    queues = [f"queue{n:02}" for n in range(35)]
    for queue in queues:
        put(store, "dead", queue, errors=[failure("E", "boom")])
    for n in range(5):
        put(store, "retry", "queue00", at=1_764_000_000 + n, errors=[failure("E", "again")])
    batches, run_each = [], Scripts.run_each

    def noting(scripts, name, calls):
        batches.append(len(calls))
        return run_each(scripts, name, calls)

    monkeypatch.setattr(Scripts, "run_each", noting)

    found = failure_groups(reader)

    assert {g.shape: g.count for g in found.groups} == {"boom": 35, "again": 5}
    assert batches == [10, 10, 10, 7, 1]  # the latest of each set first


def test_nothing_failed(reader):
    assert failure_groups(reader).groups == ()


def test_a_group_tells_when_each_of_its_attempts_failed(store, reader):
    errors = [failure("E", "boom", at=at) for at in (1_000.0, 2_000.0)]
    other = failure("Other", "before", at=10.0)
    put(store, "retry", errors=[other, *errors], failures=3)
    put(store, "dead", errors=[failure("E", "boom", at=3_000.0)], failures=1)

    [group] = failure_groups(reader).groups

    assert (group.first_at.timestamp(), group.last_at.timestamp()) == (1_000, 3_000)


def test_a_group_shows_the_deploy_that_it_followed(store, reader):
    label = mark_deploy("v7").label
    put(store, "dead", errors=[failure("E", "boom", at=store.now())], failures=1)

    [group] = failure_groups(reader).groups

    assert group.times.suspect.label == label
    assert sum(group.times.counts) == 1


def test_the_look_costs_as_many_round_trips_for_ten_groups_as_for_one(store, reader, monkeypatch):
    trips = []
    ask = Reader.ask

    def noting(self, asked):
        trips.append(1)
        return ask(self, asked)

    monkeypatch.setattr(Reader, "ask", noting)
    counts = []
    for n in range(2):
        for group in range(1 + 9 * n):
            put(store, "dead", errors=[failure(f"E{n}{group}", "boom")], failures=1)
        trips.clear()
        failure_groups(Reader(store))
        counts.append(len(trips))

    assert counts[0] == counts[1] <= 6
