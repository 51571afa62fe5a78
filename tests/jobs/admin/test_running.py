"""The page of the jobs that run, and how they are cancelled from there."""

import re

import pytest
from django.contrib.admin.models import LogEntry

from jobs.store.requests import Requests
from tests.jobs.admin.conftest import messages, text
from tests.jobs.inspect.at_work import measure, run
from tests.jobs.inspect.filling import WORKER, beat


def rows(response):
    return [row.job.running.job_id for row in response.context["page"].rows]


def get(client, path="running/"):
    response = client.get(f"/admin/jobs/{path}")
    assert response.status_code == 200
    return response


def test_nothing_runs_is_said(boss):
    page = text(get(boss))

    assert "No job runs at this moment." in page
    assert "jobs-pager" not in page


def test_job_is_shown_with_all_that_is_known_of_it(store, boss):
    [job_id] = run(
        store,
        ("tests.AnyJob", 200, "mine", {"args": [7], "kwargs": {"password": "hunter2"}}),
        host="web1",
        pid=4242,
    )
    measure(store, "tests.AnyJob", [20.0] * 50)

    page = text(get(boss))

    assert "1 job runs, by the last heartbeats of the workers." in page
    assert f'<a href="/admin/jobs/job/{job_id}/">tests.AnyJob</a>' in page
    assert "7, {&quot;password&quot;:&quot;[redacted]&quot;}" in page
    assert "hunter2" not in page
    assert re.search(r"3 min \d+ s</time>", page)
    assert "! longer than usual" in page
    assert re.search(r"2\d s<br><span class=.jobs-quiet.>95 % within 2\d s<", page)
    assert f'<a href="/admin/jobs/running/?q={WORKER.replace(":", "%3A")}">web1</a>' in page
    assert "pid 4242" in page


def test_class_that_is_new_has_no_usual_time(store, boss):
    run(store, ("tests.NewJob", 200, "mine", {}))

    page = text(get(boss))

    assert "not known yet" in page
    assert "longer than usual" not in page


def test_arguments_need_their_permission(store, log_in):
    run(store, ("tests.AnyJob", 9, "mine", {"args": ["needle"]}))

    page = text(get(log_in("view_jobs")))

    assert "tests.AnyJob" in page
    assert "needle" not in page
    assert "Arguments" not in page


def test_jobs_are_sorted_and_found_by_the_address(store, boss):
    slow, quick = run(store, ("tests.SlowJob", 90, "mine", {}), ("tests.AnyJob", 60, "other", {}))
    measure(store, "tests.SlowJob", [80.0] * 50)
    measure(store, "tests.AnyJob", [2.0] * 50)

    assert rows(get(boss)) == [slow, quick]
    assert rows(get(boss, "running/?order=unusual")) == [quick, slow]
    assert rows(get(boss, "running/?order=nosuch")) == [slow, quick]
    found = get(boss, "running/?q=other&order=class")
    assert rows(found) == [quick]
    assert "1 of 2 running jobs match" in text(found)
    assert 'href="?q=other&amp;order=unusual"' in text(found)
    assert 'href="?order=class">Show all' in text(found)
    assert "No running job matches “&lt;b&gt;”." in text(get(boss, "running/?q=<b>"))


def test_many_jobs_come_in_pages(store, boss):
    run(store, *(("tests.AnyJob", 500 - n, "mine", {}) for n in range(51)))

    first, last = get(boss), get(boss, "running/?page=2&order=queue")

    assert (len(rows(first)), len(rows(last))) == (50, 1)
    assert 'rel="next" href="?order=longest&amp;page=2"' in text(first)
    assert 'rel="prev" href="?order=queue&amp;page=1"' in text(last)
    assert "Page 2 of 2" in text(last)


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 5_000, "²", "99"])
def test_a_page_that_is_none_leads_to_the_nearest(store, boss, number):
    [job_id] = run(store, ("tests.AnyJob", 9, "mine", {}))

    assert rows(get(boss, f"running/?page={number}")) == [job_id]


def test_jobs_beyond_a_heartbeat_are_told_of(store, boss):
    run(store, ("tests.AnyJob", 9, "mine", {}), busy=1_201)

    assert "1,200 more run, for which a heartbeat has no room." in text(get(boss))


def test_cancel_is_asked_for_recorded_and_leads_back(store, boss):
    [job_id] = run(store, ("tests.AnyJob", 9, "mine", {}))
    assert f'action="/admin/jobs/job/{job_id}/cancel/"' in text(get(boss))

    response = boss.post(f"/admin/jobs/job/{job_id}/cancel/", {"from": "running"}, follow=True)

    assert response.redirect_chain == [("/admin/jobs/running/", 302)]
    assert "was asked to cancel the job" in messages(response)
    assert Requests(store).take(WORKER) == [f"cancel {job_id}"]
    [entry] = LogEntry.objects.all()
    assert (entry.object_id, "Cancel" in entry.change_message) == (job_id, True)


def test_cancel_is_for_those_who_may(store, log_in):
    run(store, ("tests.AnyJob", 9, "mine", {}))

    assert "/cancel/" not in text(get(log_in("view_jobs")))
    assert "/cancel/" in text(get(log_in("view_jobs", "cancel_job")))


def test_workers_show_the_ten_jobs_that_run_longest(store, boss):
    ids = run(store, *(("tests.AnyJob", 100 - n, "mine", {"args": [n]}) for n in range(12)))
    beat(store, "idle:1:aaaa")

    page = text(get(boss, "workers/"))

    assert [job_id for job_id in ids if job_id in page] == ids[:10]
    assert "All 12 running jobs" in page
    assert page.count("Show its 12 running jobs") == 1
