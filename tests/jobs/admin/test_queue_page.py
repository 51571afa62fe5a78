"""The page of one queue: its state, who serves it, its recent past."""

import pytest

from jobs import control, inspect
from jobs.store.metrics import WAITS, Measure, MetricStore
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import WORKER, beat, fetch, push, put


def sight_of(client, **data):
    return client.get("/admin/jobs/queues/default/", data).context["page"].sight


def measured(store, *names, seconds=(0.1, 0.2, 0.4), ago=0.0):
    measure = Measure()
    for each in seconds:
        measure.add(each, is_failure=each == 0.4)
    now = inspect.get_reader().now()
    MetricStore(store).add([(name, now - ago, measure) for name in names])


# State


def test_queue_without_a_worker_is_not_said_to_work(store, boss):
    push(store)

    page = text(boss.get("/admin/jobs/queues/default/"))

    assert "▶" not in page
    assert "No live worker takes jobs from queue default." in page
    assert "no worker" in page


@pytest.mark.parametrize("fact", ["is_quiet", "is_stopping"])
def test_queue_whose_workers_take_no_more_jobs_is_held(store, boss, fact):
    push(store)
    beat(store, **{"is_quiet": {"quiet": 1}, "is_stopping": {"quiet": 1, "stopping": 1}}[fact])

    assert sight_of(boss).state == "held"
    assert not sight_of(boss).is_served


def test_paused_queue_is_held(store, boss):
    push(store)
    beat(store)
    control.pause("default")

    sight = sight_of(boss)

    assert sight.state == "held"
    assert sight.obstacles == ("Queue default is paused.",)


def test_queue_with_running_jobs_works_and_an_empty_one_is_idle(store, boss):
    beat(store)
    store.intake.announce_queues(["default"])
    assert sight_of(boss).state == "idle"

    push(store)
    assert sight_of(boss).state == "working"
    fetch(store)
    assert sight_of(boss).state == "working"


def test_jobs_that_wait_while_none_runs_are_told(store, boss):
    beat(store)
    push(store, ago=60)

    assert sight_of(boss).state == "waiting"
    assert "jobs wait, and none runs" in text(boss.get("/admin/jobs/queues/default/"))


# Who serves it, and its sets


def test_workers_that_serve_it_are_named_with_their_address(store, boss):
    beat(store, busy=2)
    beat(store, "other:2:abcd", queues="mail")
    push(store)

    [(worker, url)] = sight_of(boss).workers

    assert (worker.name, url) == (WORKER, f"/admin/jobs/workers/#{WORKER}")
    assert "2 of 5 busy" in text(boss.get("/admin/jobs/queues/default/"))


def test_sets_of_the_queue_are_counted_and_lead_to_its_jobs(store, boss):
    mine = put(store, "dead")
    put(store, "dead", "other")
    push(store)

    [dead] = [each for each in sight_of(boss).sets if each.title == "Dead"]

    assert dead.count == 1
    assert [row.job.id for row in boss.get(dead.url).context["page"].rows] == [mine]


# Its recent past


@pytest.mark.parametrize(("window", "slots"), [("1h", 60), ("8h", 480), ("3d", 432), ("x", 60)])
def test_runs_and_waits_are_drawn_over_each_window(store, boss, window, slots):
    push(store)
    measured(store, "queue:default", f"{WAITS}default")

    sight = sight_of(boss, **{"in": window})

    assert len(sight.runs.slots) == slots
    assert sight.runs.summary == "3 runs, 1 of them failed."
    assert sight.waits.rows[-1][1] == ("205 ms", "377 ms")
    assert sight.waits.rows[0][1] == ("–", "–")


def test_what_is_not_kept_is_said(store, boss):
    push(store)

    page = text(boss.get("/admin/jobs/queues/default/"))

    assert "How many jobs the queue held at earlier times is not kept here." in page
    assert "Nothing ran in this time" in page
