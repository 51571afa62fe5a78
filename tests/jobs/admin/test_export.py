"""What programs read: OpenMetrics and JSON, by permission or by token."""

import json
import re
import time

import pytest
from django.test import Client

from jobs.store.metrics import SECONDS_OF_A_QUERY, Measure, MetricStore
from jobs.store.reader import Reader
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import put

TOKEN = "a-token-that-nobody-guesses"
SAMPLE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? ([0-9.e+-]+)')


def samples(response):
    """Return the value of each sample.

    Fail on a line that is neither a sample nor a comment that is allowed.
    """
    *lines, last = text(response).splitlines()
    assert last == "# EOF"
    found, declared = {}, set()
    for line in lines:
        if line.startswith("#"):
            kind, name = re.match(r"# (TYPE|HELP|UNIT) ([a-z_]+) .+", line).groups()
            assert kind != "TYPE" or name not in declared
            declared.add(name)
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        assert re.sub(r"_(total|bucket|count|sum)$", "", name) in declared
        found[name + (labels or "")] = float(value)
    return found


def test_metrics_tell_of_queues_workers_and_classes(store, boss, full):
    measure = Measure()
    measure.add(0.002, is_failure=False)
    measure.add(2.0, is_failure=True)
    MetricStore(store).add([('job:a."B\\', time.time(), measure)])

    response = boss.get("/admin/jobs/metrics.txt")
    found = samples(response)

    assert response["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert found['jobs_dead{queue="default"}'] == 2
    assert found['jobs_processed_total{queue="default"}'] == 4
    assert found["jobs_workers"] == 1
    assert found['jobs_paused{queue="default"}'] == 0
    assert found['jobs_class_failures_total{job_class="a.\\"B\\\\"}'] == 1
    assert found['jobs_class_duration_seconds_bucket{job_class="a.\\"B\\\\",le="0.0025"}'] == 1
    assert found['jobs_class_duration_seconds_bucket{job_class="a.\\"B\\\\",le="+Inf"}'] == 2
    assert found['jobs_class_duration_seconds_count{job_class="a.\\"B\\\\"}'] == 2
    assert found['jobs_class_duration_seconds_sum{job_class="a.\\"B\\\\"}'] == 2.002


def test_stats_are_json(boss, full):
    told = json.loads(text(boss.get("/admin/jobs/stats.json")))

    assert told["queues"]["default"]["dead"] == 2
    assert told["workers"][0]["name"] == "host:1:abcd"


@pytest.mark.django_db
@pytest.mark.parametrize("route", ["metrics.txt", "stats.json"])
@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        (TOKEN, f"Bearer {TOKEN}", 200),
        (TOKEN, f"bearer  {TOKEN}", 200),
        (TOKEN, "Bearer wrong", 401),
        (TOKEN, f"Basic {TOKEN}", 401),
        (TOKEN, "", 401),
        ("", "Bearer ", 401),
        ("", "Bearer", 401),
    ],
)
def test_a_program_needs_the_token(settings, route, token, header, status):
    settings.JOBS = {**settings.JOBS, "METRICS_TOKEN": token}

    response = Client(headers={"authorization": header}).get(f"/admin/jobs/{route}")

    assert response.status_code == status
    assert response.headers.get("WWW-Authenticate") == (None if status == 200 else "Bearer")
    assert ("Authorization: Bearer" in text(response)) == (status == 401)


@pytest.mark.django_db
@pytest.mark.parametrize("route", ["metrics.txt", "stats.json"])
def test_no_cache_keeps_what_was_shown_for_the_token(settings, route):
    settings.JOBS = {**settings.JOBS, "METRICS_TOKEN": TOKEN}
    cache = "django.middleware.cache"
    around = (f"{cache}.UpdateCacheMiddleware", f"{cache}.FetchFromCacheMiddleware")
    settings.MIDDLEWARE = [around[0], *settings.MIDDLEWARE, around[1]]

    shown = Client(headers={"authorization": f"Bearer {TOKEN}"}).get(f"/admin/jobs/{route}")

    assert shown.status_code == 200
    assert {"no-store", "private"} <= set(shown["Cache-Control"].split(", "))
    assert Client().get(f"/admin/jobs/{route}").status_code == 401


@pytest.mark.django_db
def test_the_token_opens_no_page_and_no_post(settings):
    settings.JOBS = {**settings.JOBS, "METRICS_TOKEN": TOKEN}
    client = Client(headers={"authorization": f"Bearer {TOKEN}"})

    assert client.get("/admin/jobs/").status_code == 302
    assert client.post("/admin/jobs/metrics.txt").status_code == 405


def test_both_tell_the_same_problems(store, boss, full, monkeypatch):
    # A server that has just been started has not heard of its workers yet.
    facts = {**Reader(store).info(), "uptime_in_seconds": 3600}
    monkeypatch.setattr(Reader, "info", lambda reader: facts)
    put(store, "ready", "unserved", at=time.time() - 300)

    found = samples(boss.get("/admin/jobs/metrics.txt"))
    problems = json.loads(text(boss.get("/admin/jobs/stats.json")))["problems"]

    assert found['jobs_problem{kind="queue_unserved",key="unserved"}'] == 1
    assert found["jobs_redis_memory_bytes"] > 0
    assert found["jobs_redis_max_memory_bytes"] == 0
    named = {f'jobs_problem{{kind="{each["kind"]}",key="{each["key"]}"}}' for each in problems}
    assert named == {name for name in found if name.startswith("jobs_problem{")}
    [unserved] = [each for each in problems if each["kind"] == "queue_unserved"]
    assert unserved["where"] == "queues/unserved/"
    assert unserved["since"].startswith("20")


def test_queries_of_job_classes_are_told_where_they_were_counted(store, boss):
    assert "jobs_class_queries" not in text(boss.get("/admin/jobs/metrics.txt"))
    count(store, "orders.CompleteOrderJob", 12, 0.25)

    found = samples(boss.get("/admin/jobs/metrics.txt"))

    labels = '{job_class="orders.CompleteOrderJob"}'
    assert found[f"jobs_class_queries_total{labels}"] == 12
    assert found[f"jobs_class_query_seconds_total{labels}"] == 0.25
    assert found[f"jobs_class_counted_runs_total{labels}"] == 1


def test_page_of_a_job_class_shows_its_queries_where_they_were_counted(store, boss):
    address = "/admin/jobs/metrics/orders.CompleteOrderJob/"
    before = text(boss.get(address))
    count(store, "orders.CompleteOrderJob", 12, 0.25)

    page = text(boss.get(address))

    assert "Queries of a run" not in before
    assert "A run asked 12.0 queries on average." in page
    assert "<dt>Mean time</dt><dd>250 ms</dd>" in page


def count(store, job_class, queries, seconds):
    """Measure one run that asked so many queries."""
    for name, value in (("queries", queries * SECONDS_OF_A_QUERY), ("query_time", seconds)):
        measure = Measure()
        measure.add(value, is_failure=False)
        MetricStore(store).add([(f"{name}:{job_class}", time.time(), measure)])
