"""What pages say where there is nothing, or nothing that can be read.

A dash stands where nothing was measured, and no page says that all is well where nobody knows.
"""

import re

import pytest

from jobs.inspect import class_metrics
from tests.jobs.inspect.filling import fetch, push, put

CLASS = "orders.NapJob"


def get(boss, path):
    return boss.get(f"/admin/jobs/{path}").content.decode()


def facts(page):
    """Return the values of all facts of a page by their titles."""
    found = re.findall(r"<dt>([^<]*)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    return {title: value.strip() for title, value in found}


def test_queue_in_which_no_job_waits_has_no_latency(store, boss):
    store.intake.announce_queues(["idle"])

    assert facts(get(boss, "queues/idle/"))["Latency"] == "–"
    assert 'data-label="Latency">–<' in get(boss, "queues/?all")


def test_class_that_did_not_run_has_no_times(boss):
    assert class_metrics(CLASS, "1h").total.runs == 0

    found = facts(get(boss, f"metrics/{CLASS}/"))

    assert found["Runs"] == "0"
    assert {found[title] for title in ("Total time", "Mean", "Median", "95 %", "99 %")} == {"–"}


def test_chart_of_dots_explains_no_lines_where_there_is_no_dot(boss):
    page = get(boss, f"metrics/{CLASS}/")
    dots = page[page.index('data-live="dots"') : page.index('data-live="histogram"')]

    assert "jobs-legend" not in dots


@pytest.mark.parametrize(
    ("path", "praise"),
    [("retry/", "nothing has failed"), ("failures/", "Nothing has failed")],
)
def test_list_that_cannot_be_read_is_not_said_to_be_empty(store, boss, path, praise):
    push(store)
    assert praise in get(boss, path)
    store.client.set(store.keys("default").retry, "no set")

    page = get(boss, path)

    assert "Nothing that can be read is here." in page
    assert praise not in page


def test_new_system_is_not_said_to_be_well_while_no_worker_runs(boss, settings):
    accepted = ["redis_unlimited", "redis_persistence"]
    settings.JOBS = {**settings.JOBS, "CHECK_IGNORE": accepted}

    page = get(boss, "")

    assert "All well" not in page
    assert '<h2 id="jobs-verdict">Nothing to do, and no worker</h2>' in page
    assert "jobs-verdict-warn" in page


def test_job_of_a_silent_worker_does_not_look_well(store, boss):
    push(store)
    [job_id] = fetch(store)

    page = get(boss, f"job/{job_id}/")

    assert "Taken by a worker that gives no sign of life" in page
    assert "jobs-now-warn" in page
    assert "jobs-timeline" not in page


def test_what_is_not_there_is_named_before_the_reason(boss):
    page = get(boss, "job/nosuch/")

    assert page.index("No job has the id nosuch.") < page.index("It may have been there")


@pytest.mark.parametrize(("count", "left"), [(5, ""), (7, "and 2 more")])
def test_confirmation_says_how_many_jobs_it_does_not_name(store, boss, count, left):
    for _n in range(count):
        put(store, "dead")

    data = {"verb": "delete", "scope": "all"}
    page = boss.post("/admin/jobs/dead/act/", data).content.decode()

    assert ("more</li>" in page, left in page) == (bool(left), True)
