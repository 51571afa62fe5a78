"""One round trip: order of queues, lost answers, lapsed leases."""

from collections.abc import Iterator

import pytest

from jobs.errors import LeaseLapsed, StoreUnavailable
from jobs.store import Store
from jobs.worker.board import Board
from jobs.worker.fetcher import Fetcher
from jobs.worker.queues import QueueOrder
from jobs.worker.recovery import Recovery, WorkerEnd
from tests.jobs.worker.lossy_proxy import LossyProxy
from tests.jobs.worker.made_jobs import broken_jobs, client_of, payload_of, place_of, push, score_of, stat
from tests.waiting import wait_until

#: Only the fetch script has this key.
FETCH = b":meta"


@pytest.fixture
def make_fetcher(store, worker_settings):
    def make(*queues: str, store: Store = store, board: Board | None = None) -> Fetcher:
        order = QueueOrder.parse(queues or ("default",))
        recovery = Recovery(store, worker_settings)
        return Fetcher(store, order, board or Board(2), f"w{id(order)}", recovery, worker_settings)

    return make


def first_found(fetcher: Fetcher) -> str:
    """Fetch until there is a job, and return its id."""
    found: list[str] = []

    def find() -> bool:
        found.extend(ids(fetch(fetcher, 1)))
        return bool(found)

    wait_until(find)
    return found[0]


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


def fetch(fetcher: Fetcher, count: int, finished=None, held=frozenset()):
    return fetcher.fetch(count, finished or {}, lambda: set(held))


def test_job_in_a_lower_queue_waits_while_a_higher_one_has_work(store, make_fetcher):
    (low,) = push(store, "default")
    fetcher = make_fetcher("high", "default")

    taken = []
    for _ in range(5):
        (high,) = push(store, "high")
        catch = fetch(fetcher, 1)
        taken.append(ids(catch) == [high])
        assert catch.is_full

    assert all(taken)
    assert ids(fetch(fetcher, 1)) == [low]


def test_next_due_is_the_earliest_of_all_queues(store, make_fetcher):
    client = client_of(store)
    seconds, _ = client.time()
    for queue, delay in (("high", 50), ("default", 20)):
        (job_id,) = push(store, queue)
        store.move(queue, "ready", "scheduled", [job_id], due_at=seconds + delay)

    catch = fetch(make_fetcher("high", "default"), 1)

    assert catch.units == []
    assert 18 <= catch.next_due <= 20
    assert not catch.is_full


def test_finished_jobs_of_every_queue_travel_with_the_fetch(store, make_fetcher):
    (high,), (low,) = push(store, "high"), push(store, "default")
    fetcher = make_fetcher("high", "default")
    assert ids(fetch(fetcher, 1)) + ids(fetch(fetcher, 1)) == [high, low]
    (next_high,) = push(store, "high")

    catch = fetch(fetcher, 1, {"high": [high], "default": [low]})

    assert ids(catch) == [next_high]
    assert place_of(store, high, "high") is place_of(store, low) is None
    assert stat(store, "processed", "high") == stat(store, "processed") == 1


@pytest.mark.parametrize("has_joined", [False, True], ids=["first fetch", "later fetch"])
def test_jobs_of_a_fetch_whose_answer_was_lost_are_found(store, make_fetcher, proxy, lossy_store, has_joined):
    fetcher = make_fetcher("high", "default", store=lossy_store)
    if has_joined:
        fetch(fetcher, 1)
    taken = push(store, "default", count=3)
    proxy.lose(b"default" + b"}" + FETCH)

    with pytest.raises(StoreUnavailable):
        fetch(fetcher, 3)
    assert [place_of(store, job_id) for job_id in taken] == ["running"] * 3

    assert sorted(ids(fetch(fetcher, 3))) == taken


def test_finished_jobs_are_handed_in_also_when_lost_ones_are_found(store, make_fetcher, proxy, lossy_store):
    fetcher = make_fetcher(store=lossy_store)
    (done,) = push(store)
    fetch(fetcher, 1)
    (lost,) = push(store)
    proxy.lose(FETCH)
    with pytest.raises(StoreUnavailable):
        fetch(fetcher, 1)

    catch = fetch(fetcher, 1, {"default": [done]}, held={done})

    assert ids(catch) == [lost]
    assert place_of(store, done) is None


def test_what_this_process_knows_is_not_taken_for_lost(store, make_fetcher, proxy, lossy_store):
    fetcher = make_fetcher(store=lossy_store)
    (known,) = push(store)
    fetch(fetcher, 1)
    proxy.lose(FETCH)
    with pytest.raises(StoreUnavailable):
        fetch(fetcher, 1, held={known})

    assert ids(fetch(fetcher, 1, held={known})) == []


def test_fetch_that_redis_executes_late_is_found_by_another_look(store, make_fetcher, proxy, lossy_store):
    fetcher = make_fetcher(store=lossy_store)
    proxy.lose(FETCH)
    with pytest.raises(StoreUnavailable):
        fetch(fetcher, 1)
    assert ids(fetch(fetcher, 1)) == []

    (late,) = push(store)
    store.fetch("default", fetcher.name, 1, lease=60)

    assert first_found(fetcher) == late


def test_lapsed_worker_takes_a_new_name_and_goes_on(store, make_fetcher, worker_settings):
    fetcher = make_fetcher()
    (job_id,) = push(store)
    fetch(fetcher, 1)
    lapsed = fetcher.name
    Recovery(store, worker_settings).recover(["default"], lapsed, WorkerEnd("gone", is_crash=False), is_dead=True)

    with pytest.raises(LeaseLapsed):
        fetch(fetcher, 1)

    assert fetcher.name == f"{lapsed}.1"
    assert ids(fetch(fetcher, 1)) == [job_id]


def test_lapsed_worker_gives_back_what_its_old_name_has_in_other_queues(store, make_fetcher, worker_settings):
    board = Board(2)
    fetcher = make_fetcher("high", "default", board=board)
    begun, waiting = push(store, "default", count=2)
    fetch(fetcher, 2)
    board.write(0, begun)
    Recovery(store, worker_settings).recover(["high"], fetcher.name, WorkerEnd("gone", is_crash=True), is_dead=True)

    with pytest.raises(LeaseLapsed):
        fetch(fetcher, 1)

    assert [place_of(store, job_id) for job_id in (begun, waiting)] == ["ready", "ready"]
    assert payload_of(store, begun).interruptions == 1
    assert payload_of(store, waiting).interruptions == 0
    assert broken_jobs(store, "high", "default") == []


def test_finish_under_a_name_that_lost_the_job_changes_nothing(store, make_fetcher, worker_settings, caplog):
    fetcher = make_fetcher()
    (job_id,) = push(store)
    fetch(fetcher, 1)
    Recovery(store, worker_settings).recover(["default"], fetcher.name, WorkerEnd("gone", is_crash=False), is_dead=True)
    store.fetch("default", "other", 1, lease=60, join=True)

    with pytest.raises(LeaseLapsed):
        fetch(fetcher, 0, {"default": [job_id]})
    fetch(fetcher, 0, {"default": [job_id]})

    assert place_of(store, job_id) == "running"
    assert stat(store, "processed") == 0
    assert "worker.lost_jobs" in caplog.text


def test_jobs_of_a_silent_worker_are_recovered_by_any_other(store, make_fetcher):
    (job_id,) = push(store)
    store.fetch("default", "silent", 1, lease=0.05, join=True)
    fetcher = make_fetcher()

    assert first_found(fetcher) == job_id
    assert payload_of(store, job_id).crashes == 1


def test_nobody_is_recovered_in_the_heartbeat_after_an_outage(store, make_fetcher, worker_settings):
    (job_id,) = push(store)
    store.fetch("default", "survivor", 1, lease=0.01, join=True)
    fetcher = make_fetcher()
    wait_until(lambda: score_of(store, "leases", "survivor") < 1000 * client_of(store).time()[0])

    fetcher.note_outage()
    fetch(fetcher, 1)

    assert place_of(store, job_id) == "running"


def test_paused_queue_yields_nothing_until_it_goes_on(store, make_fetcher):
    (job_id,) = push(store)
    client_of(store).hset(store.keys("default").meta, "paused", 1)
    fetcher = make_fetcher()

    paused = fetch(fetcher, 1)
    client_of(store).hdel(store.keys("default").meta, "paused")

    assert (paused.units, paused.is_full) == ([], False)
    assert ids(fetch(fetcher, 1)) == [job_id]


def test_job_whose_payload_is_lost_is_reported_and_dropped(store, make_fetcher, caplog):
    (job_id,) = push(store)
    client_of(store).hdel(store.keys("default").payloads, job_id)

    assert fetch(make_fetcher(), 1).units == []

    assert f"job.payload_missing queue=default id={job_id}" in caplog.text
    assert place_of(store, job_id) is None
