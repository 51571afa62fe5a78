"""Armed fetches as the worker keeps them.

What is armed, and what becomes of what they bring.
"""

import threading
from collections.abc import Iterator

import pytest

from jobs.errors import StoreUnavailable
from jobs.store import Store
from jobs.store.bell import Heard
from jobs.uptime import uptime
from jobs.worker.arming import MOST_ARMED
from jobs.worker.recovery import Recovery, WorkerEnd
from tests.jobs.worker.hands import Hands
from tests.jobs.worker.lossy_proxy import LossyProxy
from tests.jobs.worker.made_jobs import client_of, mark_of, place_of, push
from tests.waiting import wait_until

LONG = 20.0


class Sleep:
    """One sleep of a worker, with its fetches armed behind the bells."""

    def __init__(self, store, worker, *served, threads=1):
        self.arming, self.served = worker.fetcher.arming, served
        self.bell, self.heard = store.bell(served), Heard()
        armed = self.arming.arm(served, threads, LONG)
        self.armed = list(armed)
        self.thread = threading.Thread(target=self._wait, args=(armed,), daemon=True)
        self.thread.start()

    def _wait(self, armed):
        self.heard = self.bell.wait(LONG, self.served, armed)

    def is_over(self):
        return not self.thread.is_alive()

    def end(self):
        """Wait for the end of the sleep, and return what it brought."""
        self.thread.join(15)
        assert self.is_over()
        return self.arming.disarm(self.served, self.heard)


@pytest.fixture
def hands(store, worker_settings):
    """Return a function that makes a worker which Redis knows in all its queues."""

    def make(*queues, through=store):
        worker = Hands(through, worker_settings, *queues)
        worker.fetch(1)
        return worker

    return make


@pytest.fixture
def worker(hands):
    return hands("default")


@pytest.fixture
def proxy(redis_url) -> Iterator[LossyProxy]:
    proxy = LossyProxy(redis_url)
    yield proxy
    proxy.close()


def asleep(store, worker, *served, threads=1):
    sleep = Sleep(store, worker, *(served or ("default",)), threads=threads)
    wait_until(lambda: client_of(store).info("clients")["blocked_clients"] == 1)
    return sleep


def ids(catch):
    return [unit.id for unit in catch.units]


def arm(worker, *served, threads):
    """Return the queues for which a fetch is armed."""
    return list(worker.fetcher.arming.arm(served, threads, LONG))


# What is armed


def test_first_queues_are_armed_as_many_as_threads_are_idle(hands):
    worker = hands("a", "b", "c")

    assert arm(worker, "a", "b", "c", threads=0) == []
    assert arm(worker, "a", "b", "c", threads=2) == ["a", "b"]
    assert arm(worker, "a", "b", "c", threads=9) == ["a", "b", "c"]


def test_no_more_is_armed_than_one_bell_should_execute(hands):
    queues = [f"q{number}" for number in range(MOST_ARMED + 2)]
    worker = hands(*queues)

    assert arm(worker, *queues, threads=100) == queues[:MOST_ARMED]


def test_queue_that_is_not_served_is_left_out(hands):
    assert arm(hands("a", "b", "c"), "b", "c", threads=1) == ["b"]


@pytest.mark.parametrize("doubted", ["a", "b"])
def test_no_lower_queue_is_armed_behind_one_that_is_in_doubt(hands, doubted):
    worker = hands("a", "b", "c")
    worker.custody.doubt([doubted])

    assert arm(worker, "a", "b", "c", threads=9) == {"a": [], "b": ["a"]}[doubted]


def test_queue_in_which_redis_does_not_know_us_is_not_armed(store, worker_settings):
    worker = Hands(store, worker_settings, "default")
    assert arm(worker, "default", threads=1) == []

    worker.fetch(1)
    assert arm(worker, "default", threads=1) == ["default"]

    worker.fetcher._membership.take_new_name("default")
    assert arm(worker, "default", threads=1) == []


def test_numbers_are_open_until_the_answer_is_taken(hands):
    worker = hands("a", "b")

    arm(worker, "a", "b", threads=2)
    first, second = sorted(worker.fetcher.arming.numbers())
    worker.fetcher.arming.disarm(["a", "b"], Heard())

    assert second == first + 1
    assert worker.fetcher.arming.numbers() == set()


# What it brings


def test_job_it_brings_is_in_our_hands(store, worker):
    before = uptime()
    sleep = asleep(store, worker)
    (number,) = worker.fetcher.arming.numbers()

    (job_id,) = push(store)
    catch = sleep.end()

    [unit] = catch.units
    assert (unit.id, unit.number, unit.worker) == (job_id, number, worker.fetcher.name)
    assert unit.begin_by < before + worker.fetcher._terms.lease
    assert number in worker.custody
    assert not catch.may_find_more
    assert (catch.heard, catch.ended) == (set(), [])


def test_jobs_that_it_left_are_looked_for_in_that_queue(store, worker):
    sleep = asleep(store, worker)

    push(store, count=3)
    catch = sleep.end()

    assert len(catch.units) == 1
    assert (catch.more, catch.is_unsure) == ({"default"}, False)


def test_two_queues_bring_one_job_each(store, hands):
    worker = hands("high", "low")
    sleep = asleep(store, worker, "high", "low", threads=2)
    keys = store.keys("high")
    client_of(store).hset(keys.payloads, "first", b"{}")
    client_of(store).zadd(keys.ready, {"first": 1})  # without its bell

    (second,) = push(store, "low")

    assert ids(sleep.end()) == ["first", second]


def test_heard_bell_of_a_queue_that_was_not_armed_is_kept(store, hands):
    worker = hands("high", "low")
    sleep = asleep(store, worker, "high", "low", threads=1)

    (job_id,) = push(store, "low")
    catch = sleep.end()

    assert (catch.units, catch.heard, catch.more) == ([], {"low"}, {"low"})
    assert not catch.is_unsure
    assert place_of(store, job_id, "low") == "ready"


def test_sleep_without_a_bell_is_sure_only_where_all_queues_were_armed(store, hands):
    worker = hands("a", "b")

    for threads, is_unsure in ((2, False), (1, True)):
        sleep = asleep(store, worker, "a", "b", threads=threads)
        sleep.bell.interrupt()
        assert sleep.end().is_unsure is is_unsure


def test_next_due_of_an_armed_queue_is_noted(store, worker):
    seconds, _ = client_of(store).time()
    (job_id,) = push(store)
    store.sets.move("default", "ready", "scheduled", [job_id], due_at=seconds + 50)
    client_of(store).delete(store.keys("default").bell)
    sleep = asleep(store, worker)

    sleep.bell.interrupt()

    assert 40 < sleep.end().next_due <= 50


# When it brings nothing


def test_one_that_is_void_is_followed_by_a_fetch(store, worker):
    sleep = asleep(store, worker)
    worker.fetch(1)  # another thread, with a higher number

    (job_id,) = push(store)
    catch = sleep.end()

    assert (catch.units, catch.is_unsure, catch.heard) == ([], True, {"default"})
    assert worker.custody.doubtful == set()
    assert ids(worker.fetch(1)) == [job_id]


def test_hand_in_of_another_thread_makes_it_not_void(store, worker):
    push(store)
    [done] = worker.fetch(1).units
    client_of(store).delete(store.keys("default").bell)
    sleep = asleep(store, worker)
    assert worker.fetch(0, done).ended == [done]

    (job_id,) = push(store)

    assert ids(sleep.end()) == [job_id]


def test_one_that_is_late_is_followed_by_a_fetch(store, worker):
    worker.fetcher._membership._clocks["default"] -= 3_600_000
    sleep = asleep(store, worker)

    (job_id,) = push(store)
    catch = sleep.end()

    assert (catch.units, catch.is_unsure) == ([], True)
    assert ids(worker.fetch(1)) == [job_id]
    (job_id,) = push(store)
    assert ids(Sleep(store, worker, "default").end()) == [job_id]  # the clock is right again


def test_script_that_redis_forgot_is_followed_by_a_fetch(store, worker):
    sleep = asleep(store, worker)
    client_of(store).script_flush()

    (job_id,) = push(store)
    catch = sleep.end()

    assert (catch.units, catch.is_unsure, catch.heard) == ([], True, {"default"})
    assert ids(worker.fetch(1)) == [job_id]
    assert worker.custody.doubtful == set()


# Answers that are lost, and looks around beside an open fetch


def test_job_of_a_lost_answer_is_found_once_by_the_next_look_around(store, hands, proxy):
    lossy = Store(proxy.url, timeout=5.0)
    worker = hands("default", through=lossy)
    armed = worker.fetcher.arming.arm(["default"], 1, LONG)
    proxy.lose(mark_of("fetch"))
    (job_id,) = push(store)
    with pytest.raises(StoreUnavailable, match="lost while waiting"):
        lossy.bell(["default"]).wait(LONG, ["default"], armed)

    catch = worker.fetcher.arming.disarm(["default"], Heard())

    assert (catch.units, catch.is_unsure) == ([], True)
    assert place_of(store, job_id) == "running"
    assert worker.custody.doubtful == {"default"}
    assert ids(worker.fetch(1)) == [job_id]
    worker.fetcher.note_outage()
    assert ids(worker.fetch(1)) == []
    lossy.close()


def test_look_around_of_another_thread_adopts_nothing_that_is_open(store, worker):
    """The sleeper has not read its answer yet, and both would run the job."""
    sleep = asleep(store, worker)
    (job_id,) = push(store)
    wait_until(sleep.is_over)
    worker.fetcher.note_outage()

    meanwhile = worker.fetch(1)

    assert (meanwhile.units, meanwhile.gone) == ([], set())
    assert ids(sleep.end()) == [job_id]
    worker.fetcher.note_outage()
    again = worker.fetch(1)
    assert (again.units, again.gone) == ([], set())


def test_look_around_makes_an_open_fetch_void_that_was_not_executed(store, worker):
    sleep = asleep(store, worker)
    worker.fetcher.note_outage()
    worker.fetch(1)

    (job_id,) = push(store)

    assert (sleep.end().units, place_of(store, job_id)) == ([], "ready")


def test_answer_that_is_lost_during_a_look_around_is_looked_for_again(store, worker, monkeypatch):
    """That look has left out what was open when it began."""
    sleep = asleep(store, worker)
    (job_id,) = push(store)
    wait_until(sleep.is_over)
    worker.fetcher.note_outage()
    list_running = store.running.list_running

    def lose_and_list(queue, name):
        monkeypatch.undo()
        worker.fetcher.arming.disarm(["default"], Heard())
        return list_running(queue, name)

    monkeypatch.setattr(store.running, "list_running", lose_and_list)

    assert ids(worker.fetch(1)) == []
    assert worker.custody.doubtful == {"default"}
    assert ids(worker.fetch(1)) == [job_id]
    assert worker.custody.doubtful == set()


# Names that lapse


def give_up(store, settings, worker):
    """Do what others do to a worker that they believe dead."""
    end = WorkerEnd("gone", is_crash=False)
    Recovery(store, settings).recover("default", worker.fetcher.name, end)


def test_job_whose_name_has_lapsed_meanwhile_is_dropped(store, worker, worker_settings):
    sleep = asleep(store, worker)
    (job_id,) = push(store)
    wait_until(sleep.is_over)
    give_up(store, worker_settings, worker)
    [unit] = worker.fetch(1).units or worker.fetch(1).units  # under the new name
    assert (unit.id, unit.worker) == (job_id, f"{worker.fetcher.name}.1")

    catch = sleep.end()

    assert (catch.units, catch.is_unsure) == ([], True)
    assert worker.custody.numbers() == {unit.number}


def test_name_that_lapses_after_the_answer_was_taken_takes_its_job_along(
    store, worker, worker_settings
):
    sleep = asleep(store, worker)
    push(store)
    [unit] = sleep.end().units
    give_up(store, worker_settings, worker)

    assert worker.fetch(1).gone == {unit.number}


def test_fetch_that_is_executed_after_its_name_was_given_up_brings_nothing(
    store, worker, worker_settings
):
    sleep = asleep(store, worker)
    give_up(store, worker_settings, worker)

    (job_id,) = push(store)
    catch = sleep.end()

    assert (catch.units, catch.is_unsure) == ([], True)
    assert place_of(store, job_id) == "ready"
