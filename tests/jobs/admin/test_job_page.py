"""The page of one job: true in every place, by names, without secrets."""

import time

import pytest

from jobs import Job, control
from jobs.registry import registry
from jobs.store import Terms
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import WORKER, beat, failure, fetch, push, put

AT = 1_764_000_000
TRACEBACK = """Traceback (most recent call last):
  File "/venv/lib/python3.12/site-packages/x.py", line 3, in call
    return inner()
  File "/srv/shop/orders/jobs.py", line 7, in perform
    charge(order)
orders.Declined: line <1>
"""


class NamedJob(Job):
    max_retries = 2

    def perform(self, order_id: int, *words: str, token: str = "", note: str = "") -> None:
        pass


NAMED = registry.name_of(NamedJob)


def get(client, route="", **data):
    return text(client.get(f"/admin/jobs/{route}", data))


def page_of(client, job_id):
    return client.get(f"/admin/jobs/job/{job_id}/").context["page"]


# The heading


@pytest.mark.parametrize("place", ["ready", "scheduled", "retry", "dead", "done", "running"])
def test_a_job_has_a_page_with_an_explanation_in_every_place(boss, full, place):
    response = boss.get(f"/admin/jobs/job/{full[place]}/")

    for sentence in response.context["page"].sentences:
        assert isinstance(sentence, str)
    assert "jobs-why" in text(response)
    assert full[place] in text(response)


@pytest.mark.parametrize(
    ("place", "fields", "headline"),
    [
        ("retry", {"at": 4e9, "failures": 1}, "Failed 1 time, next attempt in "),
        ("retry", {"at": 4e9, "failures": 3}, "Failed 3 times, next attempt in "),
        ("retry", {"at": AT, "failures": 3}, "Failed 3 times, overdue by "),
        ("retry", {"at": 4e9}, "Put off, next attempt in "),
        (
            "retry",
            {"at": 4e9, "failures": 1, "errors": [failure("jobs.errors.LimitExceeded", "full")]},
            "Held back by a limit, next attempt in ",
        ),
        (
            "retry",
            {"at": 4e9, "errors": [failure("jobs.errors.UnknownJob", "who?")]},
            "No worker knew its class, next attempt in ",
        ),
        ("scheduled", {"at": 4e9}, "Scheduled, due in "),
        ("scheduled", {"at": AT}, "Scheduled, overdue by "),
        ("dead", {"failures": 1}, "Dead after 1 failed attempt"),
        ("dead", {"failures": 3}, "Dead after 3 failed attempts"),
        ("dead", {"crashes": 3}, "Dead after 3 crashes of a worker"),
        ("dead", {}, "Killed before it ran"),
        ("dead", {"errors": [failure("jobs.errors.JobCancelled", "by hand")]}, "Cancelled"),
        ("dead", {"errors": [failure("jobs.errors.UnknownJob", "?")]}, "Dead: jobs.errors.Unkno"),
        ("done", {"at": 4e9, "finished_at": AT}, "Done "),
        ("done", {"at": 4e9, "started_at": AT - 2.5, "finished_at": AT}, "Done in 2.5 s, "),
    ],
)
def test_the_headline_is_true_in_every_place(store, boss, place, fields, headline):
    assert page_of(boss, put(store, place, **fields)).headline.startswith(headline)


def test_a_waiting_job_says_for_how_long_and_why(store, boss):
    control.pause("default")
    [job_id] = push(store, ago=90)

    page = page_of(boss, job_id)

    assert page.headline.startswith("Waiting for 1 min 3")
    assert page.headline.endswith("Queue default is paused")
    assert "Queue default is paused." not in page.sentences


def test_a_running_job_says_for_how_long(store, boss):
    push(store)
    [job_id] = fetch(store)
    beat(store, busy=1, running=f"{job_id} default {time.time() - 65:.3f}")

    page = page_of(boss, job_id)

    assert page.headline.startswith("Running for 1 min ")
    assert page.headline.endswith(", attempt 1 of 26")
    assert "Attempt 1 started" in [moment.title for moment in page.moments]


def test_a_job_that_was_taken_and_not_begun_is_not_said_to_run(store, boss):
    push(store)
    [job_id] = fetch(store)
    assert page_of(boss, job_id).headline == "Taken by a worker that gives no sign of life"

    beat(store)
    assert page_of(boss, job_id).headline == "Taken by a worker, not begun yet"


def test_attempts_are_told_of_how_many(store, boss):
    dead = get(boss, f"job/{put(store, 'dead', job_class=NAMED, failures=3)}/")
    retry = get(boss, f"job/{put(store, 'retry', job_class=NAMED, failures=1)}/")

    assert "<dt>Attempts</dt><dd>3 of 3</dd>" in dead
    assert "<dt>Next attempt</dt><dd>2 of 3</dd>" in retry


# Arguments and context


def test_arguments_go_by_their_names_and_secrets_stay_hidden(store, boss):
    job_id = put(
        store,
        "dead",
        job_class=NAMED,
        args=[880001, "a", "b"],
        kwargs={"token": "s3cret", "note": "hello"},
    )

    shown = {value.name: value.text for value in page_of(boss, job_id).arguments}

    assert shown == {
        "order_id": "880001",
        "words[0]": '"a"',
        "words[1]": '"b"',
        "token": '"[redacted]"',
        "note": '"hello"',
    }
    assert "s3cret" not in get(boss, f"job/{job_id}/")


def test_arguments_of_an_unknown_class_are_numbered_and_hidden(store, boss):
    job_id = put(store, "dead", job_class="gone.Job", args=[1, 2], kwargs={"a": 3})

    shown = {value.name: value.text for value in page_of(boss, job_id).arguments}

    assert shown == {"args[0]": '"[redacted]"', "args[1]": '"[redacted]"', "a": "3"}


def test_a_great_many_arguments_are_one_text(store, boss):
    job_id = put(store, "dead", job_class=NAMED, args=list(range(200)))

    [shown] = page_of(boss, job_id).arguments

    assert shown.name == "All arguments"
    assert "199" in shown.text


def test_without_the_permission_nothing_that_quotes_arguments_is_shown(store, log_in):
    error = failure("E", "needle", AT) | {"traceback": TRACEBACK, "seconds": 2}
    job_id = put(
        store, "dead", job_class=NAMED, args=["needle"], context={"a": "needle"}, errors=[error]
    )

    response = log_in("view_jobs").get(f"/admin/jobs/job/{job_id}/")

    assert "needle" not in text(response)
    assert "/srv/shop" not in text(response)
    assert response.context["page"].arguments == ()


def test_what_travelled_with_a_job_goes_by_short_names(store, boss):
    context = {"language": "de", "variables": {"shop.context.request_id": "r-7", "x.token": "s3"}}
    job_id = put(store, "dead", context=context)

    shown = {value.name: value.text for value in page_of(boss, job_id).context}

    assert shown == {"language": '"de"', "request_id": '"r-7"', "token": '"[redacted]"'}


# Errors and links


def test_a_job_shows_every_error_and_the_last_traceback_folded(store, boss):
    errors = [
        failure("E1", "first", AT),
        {**failure("E2", "last", AT + 100), "traceback": TRACEBACK},
    ]
    job_id = put(
        store,
        "retry",
        at=4e9,
        errors=errors,
        failures=2,
        context={"tenant": "a", "token": "s3cret"},
    )

    page = get(boss, f"job/{job_id}/")

    assert page.index("Attempt 2 ·") < page.index("Attempt 1 ·")
    assert "line &lt;1&gt;" in page
    assert "1 frame of libraries" in page
    assert "<code>/srv/shop/orders/jobs.py:7, perform</code>" in page
    assert "s3cret" not in page
    assert "tenant" in page


def test_a_job_leads_to_its_queue_class_and_others_that_failed_alike(store, boss):
    errors = [failure("E", "Order 7 is gone", AT)]
    first, other = (
        put(store, "dead", job_class=NAMED, errors=errors, failures=1) for _ in range(2)
    )
    put(store, "dead", job_class=NAMED, errors=[failure("E", "boom", AT)], failures=1)

    links = page_of(boss, first).links

    assert {row.job.id for row in boss.get(links.alike).context["page"].rows} == {first, other}
    assert boss.get(links.queue).status_code == 200
    assert boss.get(links.job_class).status_code == 200
    assert (links.worker, links.schedule, links.unique) == ("", "", "")


def test_a_running_job_leads_to_its_worker(store, boss):
    push(store)
    [job_id] = fetch(store)
    beat(store)

    path, _, anchor = page_of(boss, job_id).links.worker.partition("#")

    assert anchor == WORKER
    assert f'id="{anchor}"' in text(boss.get(path))


def test_a_worker_that_took_another_name_in_a_queue_is_found_under_its_first(store, boss):
    push(store)
    store.running.fetch("default", f"{WORKER}.1", 1, terms=Terms(60), first=1)
    [job_id] = store.client.hkeys(store.keys("default").running)
    beat(store)

    assert page_of(boss, job_id.decode()).links.worker.endswith(f"#{WORKER}")


def test_the_trail_of_a_running_job_leads_to_all_that_run(store, boss):
    push(store)
    [job_id] = fetch(store)

    trail = boss.get(f"/admin/jobs/job/{job_id}/").context["trail"]

    assert "/admin/jobs/running/" in [link.url for link in trail]


def test_an_unknown_class_has_no_link(store, boss):
    assert page_of(boss, put(store, "dead", job_class="gone.Job")).links.job_class == ""


def test_a_result_is_shown_without_secrets(store, boss):
    job_id = put(
        store, "done", at=4e9, finished_at=1_764_000_000, result={"rows": 12, "password": "hunter2"}
    )

    page = get(boss, f"job/{job_id}/")

    assert "&quot;rows&quot;: 12" in page
    assert "hunter2" not in page


def test_a_payload_that_cannot_be_read_has_a_page(store, boss):
    job_id = put(store, "dead")
    store.client.hset(store.keys("default").payloads, job_id, b"\xff no json")

    assert "not JSON" in get(boss, f"job/{job_id}/")


def test_more_errors_than_a_worker_keeps_are_left_out(store, boss):
    errors = [failure("some.Error", f"failed {n}", at=1.7e9 + n) for n in range(300)]

    page = page_of(boss, put(store, "dead", errors=errors, failures=300))

    assert len(page.failures) == 100
    assert {each.message for each in page.failures} == {f"failed {n}" for n in range(200, 300)}
