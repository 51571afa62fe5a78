"""One round of a fetcher.

Order of queues, lost answers, names that were given up, queues that fail.
"""

from collections.abc import Iterator

import pytest

from jobs.store import Store
from jobs.worker.recovery import Recovery, WorkerEnd
from jobs.worker.unit import Unit
from tests.jobs.worker.hands import Hands
from tests.jobs.worker.lossy_proxy import LossyProxy
from tests.jobs.worker.made_jobs import client_of, mark_of, place_of, push, stat


@pytest.fixture
def hands(store, worker_settings):
    return lambda *queues, store=store: Hands(store, worker_settings, *queues)


@pytest.fixture
def give_up(store, worker_settings):
    """Return a function that does what others do to a worker they believe dead."""

    def give_up(worker: str, queue: str = "default") -> None:
        Recovery(store, worker_settings).recover(queue, worker, WorkerEnd("gone", is_crash=False))

    return give_up


@pytest.fixture
def proxy(redis_url) -> Iterator[LossyProxy]:
    proxy = LossyProxy(redis_url)
    yield proxy
    proxy.close()


@pytest.fixture
def lossy_store(proxy) -> Iterator[Store]:
    store = Store(proxy.url, timeout=5.0)
    yield store
    store.close()


def ids(catch) -> list[str]:
    return [unit.id for unit in catch.units]


def break_keys(store, queue: str) -> None:
    client_of(store).set(store.keys(queue).ready, "no sorted set")


def test_job_in_a_lower_queue_waits_while_a_higher_one_has_work(store, hands):
    (low,) = push(store, "default")
    worker = hands("high", "default")

    taken = []
    for _ in range(5):
        (high,) = push(store, "high")
        catch = worker.fetch(1)
        taken.append(ids(catch) == [high])
        assert catch.may_find_more

    assert all(taken)
    assert ids(worker.fetch(1)) == [low]


def test_next_due_is_the_earliest_of_all_queues(store, hands):
    seconds, _ = client_of(store).time()
    for queue, delay in (("high", 50), ("default", 20)):
        (job_id,) = push(store, queue)
        store.sets.move(queue, "ready", "scheduled", [job_id], due_at=seconds + delay)

    catch = hands("high", "default").fetch(1)

    assert catch.units == []
    assert 18 <= catch.next_due <= 20
    assert not catch.may_find_more


def test_finished_jobs_of_every_queue_travel_with_the_fetch(store, hands):
    push(store, "high")
    push(store, "default")
    worker = hands("high", "default")
    done = worker.fetch(1).units + worker.fetch(1).units
    (next_high,) = push(store, "high")

    catch = worker.fetch(1, *done)

    assert ids(catch) == [next_high]
    assert place_of(store, done[0].id, "high") is place_of(store, done[1].id) is None
    assert stat(store, "processed", "high") == stat(store, "processed") == 1


def test_more_finished_jobs_than_fit_into_one_script_are_all_handed_in(store, hands):
    for _ in range(5):
        push(store, count=500)
    worker = hands()
    done = [unit for _ in range(5) for unit in worker.fetch(500).units]

    catch = worker.fetch(0, *done)

    assert len(catch.ended) == stat(store, "processed") == 2500


@pytest.mark.parametrize("has_joined", [False, True], ids=["first fetch", "later fetch"])
def test_jobs_of_a_fetch_whose_answer_was_lost_are_found(
    store, hands, proxy, lossy_store, has_joined
):
    worker = hands("default", store=lossy_store)
    if has_joined:
        worker.fetch(1)
    taken = push(store, count=3)
    proxy.lose(mark_of("fetch"))

    lost = worker.fetch(3)
    assert lost.is_away
    assert [place_of(store, job_id) for job_id in taken] == ["running"] * 3

    found = worker.fetch(3)
    assert sorted(ids(found)) == taken
    assert worker.fetch(3).units == []


def test_what_is_known_is_not_taken_for_lost(store, hands, proxy, lossy_store):
    worker = hands("default", store=lossy_store)
    push(store)
    worker.fetch(1)
    proxy.lose(mark_of("fetch"))
    worker.fetch(1)

    assert ids(worker.fetch(1)) == []


def test_lost_jobs_are_found_and_finished_ones_handed_in_by_one_round(
    store, hands, proxy, lossy_store
):
    worker = hands("default", store=lossy_store)
    push(store)
    [done] = worker.fetch(1).units
    (lost,) = push(store)
    proxy.lose(mark_of("fetch"))
    worker.fetch(1)

    catch = worker.fetch(1, done)

    assert ids(catch) == [lost]
    assert place_of(store, done.id) is None


def test_fetch_that_redis_executes_late_takes_nothing(store, hands, proxy, lossy_store):
    """The number of the later fetch makes it void.

    The old way was to look again and again for two leases.
    """
    worker = hands("default", store=lossy_store)
    proxy.lose(mark_of("fetch"))
    worker.fetch(1)  # its number is 1
    worker.fetch(1)
    (job_id,) = push(store)

    late = store.running.fetch(
        "default", worker.fetcher.name, 1, terms=worker.fetcher._terms, first=1
    )

    assert late.state == "void"
    assert place_of(store, job_id) == "ready"


def test_job_that_came_back_under_the_same_name_is_another_taking(store, hands):
    (job_id,) = push(store)
    worker = hands()
    [first] = worker.fetch(1).units
    assert store.running.fail("default", first.token, job_id, first.raw, "retry")
    [second] = worker.fetch(1).units
    assert second.id == job_id

    # Sent again, its answer was lost.
    assert not store.running.fail("default", first.token, job_id, b"{}", "dead")
    worker.fetch(0, first)

    assert place_of(store, job_id) == "running"
    assert second.number in worker.custody


# Queues that fail, pause, or wait for others


def test_queue_that_is_refused_stops_only_itself(store, hands, caplog):
    break_keys(store, "broken")
    (job_id,) = push(store)

    catch = hands("broken", "default").fetch(1)

    assert ids(catch) == [job_id]
    assert not catch.is_away
    assert "worker.queue_refused queue=broken" in caplog.text


def test_only_queue_that_is_refused_counts_as_away(store, hands):
    break_keys(store, "default")

    catch = hands().fetch(1)

    assert catch.is_away
    assert catch.units == []


def test_jobs_taken_before_a_failure_are_kept(store, hands):
    (job_id,) = push(store, "default")
    worker = hands("default", "broken")
    worker.fetch(1)
    break_keys(store, "broken")
    (job_id,) = push(store, "default")

    catch = worker.fetch(1, Unit("broken", worker.fetcher.name, "x", b"", 99))

    assert ids(catch) == [job_id]
    assert catch.ended == []
    assert catch.error is not None


def test_bell_that_was_heard_and_not_served_rings_for_others(store, hands):
    worker = hands("high", "default")
    worker.fetch(1)
    push(store, "high")
    push(store, "default")
    bell = store.keys("default").bell
    client_of(store).delete(bell)

    catch = worker.fetch(1, heard={"default"})

    assert len(catch.units) == 1
    assert client_of(store).llen(bell) == 1
    assert catch.heard == set()


def test_crowded_queue_yields_no_more_than_there_are_places(store, hands):
    push(store, count=5)
    worker = hands()
    worker.fetcher.crowded.add("default")
    worker.fetcher.free_places = lambda: 2
    assert len(worker.fetch(5).units) == 2

    worker.fetcher.free_places = lambda: 0
    catch = worker.fetch(5)

    assert (catch.units, catch.may_find_more) == ([], False)
    assert worker.fetcher.served() == []


def test_paused_queue_yields_nothing_until_it_goes_on(store, hands):
    (job_id,) = push(store)
    store.sets.pause("default")
    worker = hands()

    paused = worker.fetch(1)
    store.sets.resume("default")

    assert (paused.units, paused.may_find_more) == ([], False)
    assert ids(worker.fetch(1)) == [job_id]


def test_job_whose_payload_is_lost_is_reported_and_dropped(store, hands, caplog):
    lost, kept = push(store, count=2)
    client_of(store).hdel(store.keys("default").payloads, lost)

    [unit] = hands().fetch(2).units

    assert f"job.payload_missing queue=default id={lost}" in caplog.text
    assert place_of(store, lost) is None
    # Its number is right, beside one that is missing.
    assert store.running.fail("default", unit.token, kept, b"", "discard")


def test_queue_that_was_refused_is_reported_again_the_next_time(store, hands, caplog):
    worker = hands("broken", "default")
    for _ in range(2):
        break_keys(store, "broken")
        worker.fetch(1)
        client_of(store).delete(store.keys("broken").ready)
        worker.fetcher._obstacles._refused_until["broken"] = 0.0
        worker.fetch(1)

    assert caplog.text.count("worker.queue_refused queue=broken") == 2
