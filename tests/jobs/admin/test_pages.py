"""What the pages show, and that nothing in them can run or leak."""

import pytest

from jobs import control, inspect
from jobs.store.metrics import Measure, MetricStore
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import WORKER, beat, failure, fetch, push, put


def get(client, route="", **data):
    return text(client.get(f"/admin/jobs/{route}", data))


# Queues and workers


def test_queues_show_how_many_may_run_at_a_time(store, boss):
    push(store)
    assert "at a time" not in get(boss, "queues/")

    control.limit("default", 3)

    assert "runs at most 3 at a time" in get(boss, "queues/")
    assert "runs at most 3 at a time" in get(boss, "queues/default/")


def test_queues_show_numbers_and_what_is_wrong(store, boss):
    push(store, count=1234)
    control.pause("default")

    page = get(boss, "queues/")

    assert "1,234" in page
    assert "paused" in page
    assert "no worker" in page
    assert 'href="/admin/jobs/queues/default/"' in page


def test_a_queue_works_only_where_a_worker_takes_its_jobs(store, boss):
    push(store)
    beat(store, queues="default", quiet=1)
    assert "no worker" in get(boss, "queues/default/")
    assert "working" not in state_of_queue(boss)

    beat(store, queues="default")

    assert "working" in state_of_queue(boss)
    assert "no worker" not in get(boss, "queues/default/")


def state_of_queue(boss):
    return get(boss, "queues/default/").partition("<dt>State</dt>")[2].partition("</div>")[0]


def test_queues_of_a_fresh_redis_say_what_to_do(boss):
    assert "No job has been enqueued yet." in get(boss, "queues/")


def test_workers_show_what_they_run_and_since_when(store, boss):
    (job_id,) = push(store)
    fetch(store)
    beat(store, busy=1, running=f"{job_id} default 1764000000.000 class=shop.SleepJob")

    page = get(boss, "workers/")

    assert "Threads at work: 1 of 5" in page
    assert f'<a href="/admin/jobs/job/{job_id}/">shop.SleepJob</a>' in page
    assert f"/admin/jobs/workers/{WORKER}/stop/" in page


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"quiet": 1}, "quiet"),
        ({"quiet": 1, "stopping": 1}, "stopping"),
        ({"busy": 2}, "working"),
        ({}, "idle"),
        ({"ago": 20}, "silent"),
    ],
)
def test_a_worker_shows_its_state(store, boss, facts, state):
    beat(store, **facts)

    page = get(boss, "workers/")

    assert f"{state}</span>" in page
    assert ("/quiet/" in page) == ("quiet" not in facts)
    assert ("/unquiet/" in page) == (state == "quiet")


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        ("memory", "needs more memory than MAX_MEMORY_MB"),
        ("jobs", "has taken MAX_JOBS_PER_PROCESS jobs"),
        ("overdue", "a job has not ended after its time limit"),
    ],
)
def test_a_worker_shows_why_it_is_being_replaced(store, boss, why, sentence):
    beat(store, quiet=1, leaves_for=why)

    page = get(boss, "workers/")
    assert sentence in page
    assert "/unquiet/" not in page


def test_a_worker_of_a_newer_version_may_leave_for_another_reason(store, boss):
    beat(store, quiet=1, leaves_for="<b>boredom</b>")

    assert "boredom" not in get(boss, "workers/")


def test_a_worker_with_slow_heartbeats_is_not_called_silent_between_two(store, boss, settings):
    settings.JOBS = {**settings.JOBS, "HEARTBEAT": 20, "LEASE": 60}
    beat(store, ago=20)

    assert "idle</span>" in get(boss, "workers/")


def test_no_workers_say_what_to_do(boss):
    assert "No worker runs." in get(boss, "workers/")


# Sets


def test_queues_that_nothing_uses_any_more_are_counted_and_can_be_shown(store, boss):
    push(store, "busy")
    store.intake.announce_queues(["forlorn"])

    page = get(boss, "queues/")

    assert "busy" in page
    assert "forlorn" not in page
    assert "1 queue is not shown" in page
    assert "forlorn" in get(boss, "queues/?all")


@pytest.mark.parametrize("name", ["scheduled", "retry", "dead", "done", "queues/default"])
def test_an_empty_set_says_so_and_offers_nothing(boss, name):
    page = get(boss, f"{name}/")

    assert "jobs-empty" in page
    assert 'name="scope"' not in page


def test_arguments_and_errors_are_escaped_and_secrets_hidden(boss, full):
    retry, dead = get(boss, "retry/"), get(boss, "dead/")

    assert "<script>alert" not in retry
    assert "&lt;script&gt;alert" in retry
    assert "hunter2" not in dead
    assert "[redacted]" in dead
    assert "<b>declined" not in dead
    assert "hunter2" not in get(boss, f"job/{full['dead']}/")


# Failures and metrics


def test_failures_are_grouped_and_lead_to_their_jobs(store, boss):
    for n in range(3):
        put(store, "dead", errors=[failure("E", f"Order {n} is gone", 1_764_000_000)])
    put(store, "dead", errors=[failure("E", "boom", 1_764_000_000)])

    response = boss.get("/admin/jobs/failures/")
    group = response.context["page"].rows[0]

    assert "Order … is gone" in text(response)
    assert len(boss.get(group.dead_url).context["page"].rows) == 3
    assert "One group of failures" in text(boss.get(group.dead_url))


def test_no_failures_are_good_news(boss):
    assert "Nothing has failed" in get(boss, "failures/")


def measured(store, name="orders.CompleteOrderJob"):
    measure = Measure()
    for seconds in (0.1, 0.2, 0.4):
        measure.add(seconds, is_failure=seconds == 0.4)
    MetricStore(store).add([(f"job:{name}", inspect.get_reader().now(), measure)])


@pytest.mark.parametrize(
    ("window", "slots"), [("1h", 60), ("8h", 480), ("1d", 144), ("3d", 432), ("x", 60)]
)
def test_a_job_class_is_drawn_over_each_window(store, boss, window, slots):
    measured(store)
    control.mark_deploy("v7")

    response = boss.get("/admin/jobs/metrics/orders.CompleteOrderJob/", {"in": window})

    assert len(response.context["page"].runs.slots) == slots
    assert "3 runs, 1 of them failed." in text(response)
    assert "v7" in text(response)


def test_metrics_list_the_classes_with_their_share(store, boss):
    measured(store)

    page = get(boss, "metrics/")

    assert "orders.CompleteOrderJob" in page
    assert "100 %" in page
    assert "700 ms" in page


def test_metrics_without_runs_say_so(boss):
    assert "Nothing ran in this time." in get(boss, "metrics/")
    assert "Nothing ran in this time" in get(boss, "metrics/orders.CompleteOrderJob/")
