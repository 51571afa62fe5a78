"""What the pages show, and that nothing in them can run or leak."""

from datetime import UTC, datetime

import pytest

from jobs import control, inspect
from jobs.inspect import job_sets
from jobs.store.metrics import Measure, MetricStore
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import WORKER, beat, failure, fetch, push, put


def get(client, route="", **data):
    return text(client.get(f"/admin/jobs/{route}", data))


# Overview


def test_overview_counts_everything_and_draws_the_history(boss, full):
    page = get(boss)

    for title in ("Processed", "Failed", "Jobs per second", "Latency", "Running", "Ready", "Scheduled", "Retries"):
        assert title in page
    assert "Valkey" in page
    assert "Append-only persistence is off" in page
    assert page.count('class="jobs-slot"') == 30
    assert "4 attempts ended, 2 of them with an error." in page


@pytest.mark.parametrize(("days", "slots"), [("1", 144), ("7", 7), ("180", 180), ("5", 30), ("x", 30)])
def test_overview_looks_back_for_some_days(boss, days, slots):
    assert get(boss, days=days).count('class="jobs-slot"') == slots


def test_overview_tells_a_newcomer_what_to_do(boss):
    page = get(boss)

    assert "No worker takes jobs." in page
    assert "python manage.py runjobs" in page
    assert "Nothing ran in this time" in page


def test_overview_warns_of_a_paused_queue_in_which_jobs_wait(store, boss):
    push(store)
    control.pause("default")

    assert "Queue <strong>default</strong> is paused" in get(boss)


# Queues and workers


def test_queues_show_numbers_and_what_is_wrong(store, boss):
    push(store, count=1234)
    control.pause("default")

    page = get(boss, "queues/")

    assert "1,234" in page
    assert "paused" in page
    assert "no worker" in page
    assert 'href="/admin/jobs/queues/default/"' in page


def test_queues_of_a_fresh_redis_say_what_to_do(boss):
    assert "No job has been enqueued yet." in get(boss, "queues/")


def test_workers_show_what_they_run_and_since_when(store, boss):
    (job_id,) = push(store)
    fetch(store)
    beat(store, busy=1, running=f"{job_id} default 1764000000.000")

    page = get(boss, "workers/")

    assert "1 of 5 threads are busy" in page
    assert f'href="/admin/jobs/job/{job_id}/"' in page
    assert f"/admin/jobs/workers/{WORKER}/stop/" in page


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"quiet": 1}, "quiet"),
        ({"quiet": 1, "stopping": 1}, "stopping"),
        ({"busy": 2}, "working"),
        ({}, "idle"),
        ({"beat_at": 1_764_000_000}, "silent"),
    ],
)
def test_a_worker_shows_its_state(store, boss, facts, state):
    beat(store, **facts)

    page = get(boss, "workers/")

    assert f"{state}</span>" in page
    assert ("/quiet/" in page) == ("quiet" not in facts)


def test_no_workers_say_what_to_do(boss):
    assert "No worker runs." in get(boss, "workers/")


# Sets


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


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 4),
        ({"queue": "high"}, 1),
        ({"job_class": "a.Wanted"}, 1),
        ({"error": "declined"}, 1),
        ({"text": "needle"}, 1),
        ({"since": "2026-11-01T00:00"}, 1),
        ({"until": "2026-10-01 00:00"}, 3),
        ({"queue": "nosuch"}, 0),
    ],
)
def test_a_filter_is_an_address(store, boss, query, count):
    old = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
    put(store, "dead", "high", at=datetime(2026, 11, 20, tzinfo=UTC).timestamp())
    put(store, "dead", at=old, job_class="a.Wanted")
    put(store, "dead", at=old, errors=[failure("Declined", "no")])
    put(store, "dead", at=old, args=["needle"])

    page = get(boss, "dead/", **query)

    assert page.count('name="job"') == count
    assert ("Show all" in page) == bool(query)


def test_a_filter_that_cannot_be_understood_shows_nothing_and_says_why(store, boss):
    put(store, "dead")

    page = get(boss, "dead/", since="yesterday")

    assert 'role="alert"' in page
    assert 'name="job"' not in page


def test_pages_lead_on_and_back_and_keep_the_filter(store, boss):
    for n in range(120):
        put(store, "dead", at=1_764_000_000 + n, job_class="a.B")

    first = boss.get("/admin/jobs/dead/?job_class=a.B").context["page"]
    second = boss.get(f"/admin/jobs/dead/{first.next_url}").context["page"]
    back = boss.get(f"/admin/jobs/dead/{second.previous_url}").context["page"]

    assert "job_class=a.B" in first.next_url
    assert [len(page.rows) for page in (first, second, back)] == [50, 50, 50]
    assert [row.job.id for row in back.rows] == [row.job.id for row in first.rows]
    assert len(boss.get("/admin/jobs/dead/?page=nonsense").context["page"].rows) == 50


def test_a_search_that_stopped_says_so(store, boss, monkeypatch):
    monkeypatch.setattr(job_sets, "SEARCH_LIMIT", 10)
    monkeypatch.setattr(job_sets, "PORTION", 10)
    for _ in range(30):
        put(store, "dead")

    page = get(boss, "dead/", text="needle")

    assert "Searched the first 10 of 30 jobs and stopped there." in page
    assert "Search on" in page


# One job


@pytest.mark.parametrize("place", ["ready", "scheduled", "retry", "dead", "done", "running"])
def test_a_job_has_a_page_with_an_explanation_in_every_place(boss, full, place):
    response = boss.get(f"/admin/jobs/job/{full[place]}/")

    assert response.context["page"].explanation.sentences[0] in response.context["page"].explanation.sentences
    assert "jobs-why" in text(response)
    assert full[place] in text(response)


def test_a_job_shows_every_error_and_the_last_traceback(store, boss):
    errors = [failure("E1", "first", 1_764_000_000), {**failure("E2", "last", 1_764_000_100), "traceback": "line <1>"}]
    job_id = put(store, "retry", at=4e9, errors=errors, failures=2, context={"tenant": "a", "token": "s3cret"})

    page = get(boss, f"job/{job_id}/")

    assert "1. E1" in page
    assert "2. E2" in page
    assert "line &lt;1&gt;" in page
    assert "s3cret" not in page
    assert "tenant" in page


def test_a_result_is_shown_without_secrets(store, boss):
    job_id = put(store, "done", at=4e9, finished_at=1_764_000_000, result={"rows": 12, "password": "hunter2"})

    page = get(boss, f"job/{job_id}/")

    assert "&quot;rows&quot;: 12" in page
    assert "hunter2" not in page


def test_a_payload_that_cannot_be_read_has_a_page(store, boss):
    job_id = put(store, "dead")
    store.client.hset(store.keys("default").payloads, job_id, b"\xff no json")

    assert "not JSON" in get(boss, f"job/{job_id}/")


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


@pytest.mark.parametrize(("window", "slots"), [("1h", 60), ("8h", 480), ("1d", 144), ("3d", 432), ("x", 60)])
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
