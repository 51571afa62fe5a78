"""What programs read: OpenMetrics and JSON, by permission or by token."""

import json
import re
import time

import pytest
from django.test import Client

from jobs.store.metrics import Measure, MetricStore
from tests.jobs.admin.conftest import text

SAMPLE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? ([0-9.e+-]+)')


def samples(response):
    """Return the value of each sample; fail on a line that is neither a sample nor a comment that is allowed."""
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
        ("s3cret", "Bearer s3cret", 200),
        ("s3cret", "bearer  s3cret", 200),
        ("s3cret", "Bearer wrong", 302),
        ("s3cret", "Basic s3cret", 302),
        ("s3cret", "", 302),
        ("", "Bearer ", 302),
        ("", "Bearer", 302),
    ],
)
def test_a_program_needs_the_token(settings, route, token, header, status):
    settings.JOBS = {**settings.JOBS, "METRICS_TOKEN": token}

    assert Client(headers={"authorization": header}).get(f"/admin/jobs/{route}").status_code == status


@pytest.mark.django_db
def test_the_token_opens_no_page_and_no_post(settings):
    settings.JOBS = {**settings.JOBS, "METRICS_TOKEN": "s3cret"}
    client = Client(headers={"authorization": "Bearer s3cret"})

    assert client.get("/admin/jobs/").status_code == 302
    assert client.post("/admin/jobs/metrics.txt").status_code == 405
