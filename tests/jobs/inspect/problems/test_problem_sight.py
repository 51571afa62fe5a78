"""Who sees only some queues is told what is wrong with these."""

import socket
import time

import pytest

from jobs import Job, inspect
from jobs.inspect.problems.sight import ABOUT_CLASSES, ABOUT_QUEUES, ABOUT_WORKERS, FOR_EVERYBODY
from jobs.problem import KINDS
from jobs.registry import registry
from jobs.store.metrics import Measure, MetricStore
from jobs.store.reader import Reader
from jobs.store.schedules import Opening, Schedules
from jobs.store.sight import Sight
from tests.jobs.inspect.filling import beat, push, put


class MineJob(Job):
    queue = "mine"

    def perform(self) -> None:
        pass


class OtherJob(Job):
    queue = "other"

    def perform(self) -> None:
        pass


@pytest.fixture
def told(store, server):
    """Return a function that returns the names of problems that somebody is told."""

    def told(*queues, sees_arguments=True, **limits):
        sight = Sight(lambda queue: queue in queues, sees_arguments)
        found = inspect.problems(Reader(store, sight), **limits)
        return [problem.name for problem in found]

    return told


@pytest.fixture(autouse=True)
def two_queues(settings):
    """Have the project serve two queues."""
    settings.JOBS = {**settings.JOBS, "QUEUES": ["mine", "other"]}


def fail_often(store, job_class):
    """Have a job class fail in each of the last five minutes."""
    now, measure = time.time(), Measure()
    for _ in range(5):
        measure.add(0.1, is_failure=True)
    name = f"job:{registry.name_of(job_class)}"
    MetricStore(store).add([(name, now - 60 * minute, measure) for minute in range(5)])


def test_late_queues_and_full_dead_sets_are_told_to_those_who_see_them(store, told, settings):
    settings.JOBS = {**settings.JOBS, "CHECK_DEATHS": 0, "DEAD_MAX_JOBS": 1}
    beat(store, queues="mine,other")
    for queue in ("mine", "other"):
        push(store, queue, ago=100)
        put(store, "dead", queue)

    assert told("mine") == ["queue_late:mine", "dead_full:mine", "dead_growing:mine"]


def test_a_queue_that_nobody_serves_is_told_to_those_who_see_it(store, told):
    beat(store, queues="high")
    push(store, "other", ago=100)

    assert told("other") == ["queue_unserved:other"]
    assert told("mine") == []


def test_workers_are_told_of_to_those_who_see_one_of_their_queues(store, told):
    push(store, "mine")
    for queue in ("mine", "other"):
        beat(store, f"stuck-{queue}", queues=queue, stands_since=time.time() - 100)
        beat(store, f"gone-{queue}", queues=queue, ago=100)

    assert told("mine") == ["worker_silent:gone-mine", "worker_stuck:stuck-mine"]


def test_a_silent_worker_that_left_no_queues_is_told_of_to_those_who_see_all(store, told):
    push(store, "mine")
    beat(store, queues="mine")
    beat(store, "lost", ago=100)
    store.client.delete(store.shared.worker("lost"))

    assert told("mine") == []
    assert told("mine", "other") == ["worker_silent:lost"]


def test_enough_workers_are_enough_also_for_those_who_do_not_see_them(store, told):
    push(store, "mine")
    beat(store, queues="other")

    assert told("mine") == []


def test_that_nobody_works_and_what_is_wrong_with_redis_is_told_to_everybody(store, told, server):
    server["maxmemory"] = 0
    push(store, "other", ago=100)

    assert told("mine") == ["workers_missing:", "redis_unlimited:"]


def test_failing_classes_are_told_of_to_those_who_see_their_queue(store, told):
    beat(store, queues="mine,other")
    for job_class in (MineJob, OtherJob):
        fail_often(store, job_class)

    assert told("mine") == [f"failures:{registry.name_of(MineJob)}"]


def test_a_wrong_clock_is_told_to_those_who_see_a_worker_of_its_host(store, told):
    push(store, "mine")
    for queue in ("mine", "other"):
        ahead = {"beat_at": time.time() + 60, "apart_since": time.time() - 60}
        beat(store, f"on-{queue}", queues=queue, host=f"host-of-{queue}", **ahead)

    assert told("mine") == ["clock_apart:host-of-mine"]


def test_the_clock_of_the_web_process_is_told_to_everybody(store, told, monkeypatch):
    beat(store, queues="other")
    monkeypatch.setattr(Reader, "now", lambda reader: time.time() + 60)

    assert f"clock_apart:{socket.gethostname()}" in told("mine")


def test_a_key_of_a_queue_out_of_sight_that_cannot_be_read_is_not_told(store, told):
    beat(store, queues="mine,other")
    for queue in ("mine", "other"):
        push(store, queue)
        store.client.set(store.keys(queue).dead, "no set")

    assert told("mine") == [f"unreadable:{store.keys('mine').dead}"]


@pytest.mark.parametrize(
    "sight", [{"sees_arguments": False}, {"sees_queue": {"mine"}.__contains__}]
)
def test_an_error_of_a_rule_is_told_without_its_message(store, server, sight):
    server["redis_version"] = "needle"

    [told] = inspect.problems(Reader(store, Sight(**sight)))
    [whole] = inspect.problems(Reader(store))

    assert told.reason == "The rule about keeping failed: ValueError."
    assert "needle" in whole.reason


def test_a_missing_run_is_told_to_those_who_see_the_queue_of_its_class(store, told):
    beat(store, queues="mine,other")
    desk = Schedules(store)
    for job_class, queue in ((MineJob, "mine"), (OtherJob, "other")):
        name = registry.name_of(job_class)
        desk.open([Opening(name, queue, 1, "s", "c", 1_000, 2_000, 1_000, 1_000)], {})
    names = [(registry.name_of(each), each.queue, "") for each in (MineJob, OtherJob)]
    desk.announce(1, names)

    assert told("mine") == [f"schedule_missed:{names[0][0]}"]


def test_every_kind_says_who_is_told_of_it():
    others = {"clock_apart", "unreadable"}

    assert ABOUT_QUEUES | ABOUT_CLASSES | ABOUT_WORKERS | FOR_EVERYBODY | others == set(KINDS)
