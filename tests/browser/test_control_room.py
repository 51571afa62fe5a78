"""The control room in a real browser.

Every action, with JavaScript and without, as people click.
"""

import json
import re

import pytest
from django.contrib.admin.models import LogEntry
from playwright.sync_api import Page, expect

from jobs import Job, inspect
from jobs.store.requests import Requests
from tests.browser.control_room import JOB_CLASS, furnish, make_user, visit, worker_name
from tests.jobs.inspect.filling import put

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]


class EditedJob(Job):
    def perform(self, number: int, *, token: str = "") -> None:
        pass


@pytest.fixture
def jobs(store) -> dict[str, str]:
    return furnish(store)


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def room(request, chromium, live_server, jobs):
    """Open the control room as somebody who may do everything."""
    user = make_user(is_superuser=True)
    with visit(chromium, live_server.url, user, java_script_enabled=request.param) as page:
        yield page


def place(job_id):
    found = inspect.find(job_id)
    return found and found.place


def told(page: Page, text: str) -> None:
    expect(page.locator(".messagelist")).to_contain_text(text)


def click(page: Page, name: str) -> None:
    page.locator("#content").get_by_role("button", name=name, exact=True).click()


def open_sure(page: Page, name: str) -> None:
    page.locator("summary", has_text=re.compile(f"^{name}$")).click()


def tick(page: Page, *ids: str) -> None:
    for job_id in ids:
        page.get_by_label(f"Job {job_id}").check()


# One job


@pytest.mark.parametrize(
    ("source", "button", "destination", "message"),
    [
        ("scheduled", "Retry now", "ready", "1 job is ready to run."),
        ("retry", "Retry now", "ready", "1 job is ready to run."),
        ("dead", "Retry now", "ready", "1 job is ready to run."),
    ],
)
def test_one_job_is_run_now(room, jobs, source, button, destination, message):
    room.goto(f"/admin/jobs/job/{jobs[source]}/")
    click(room, button)

    told(room, message)
    assert place(jobs[source]) == destination
    assert LogEntry.objects.get().object_id == jobs[source]


@pytest.mark.parametrize(
    ("source", "verb", "destination"), [("retry", "Kill", "dead"), ("done", "Delete", None)]
)
def test_one_job_is_killed_or_deleted_after_a_second_click(room, jobs, source, verb, destination):
    room.goto(f"/admin/jobs/job/{jobs[source]}/")
    open_sure(room, verb)
    click(room, f"{verb} it")

    told(room, "1 job was")
    assert place(jobs[source]) == destination


def test_one_job_is_rescheduled(room, jobs):
    room.goto(f"/admin/jobs/job/{jobs['scheduled']}/")
    room.get_by_label("Run at").fill("2031-07-01T12:00")
    click(room, "Reschedule")

    told(room, "1 job was rescheduled.")
    assert inspect.find(jobs["scheduled"]).at.year == 2031


def test_a_running_job_is_cancelled(room, jobs, store):
    room.goto(f"/admin/jobs/job/{jobs['running']}/")
    open_sure(room, "Cancel")
    click(room, "Cancel it")

    told(room, "was asked to cancel")
    assert Requests(store).take(worker_name()) == [f"cancel {jobs['running']}"]


def test_a_copy_is_run_with_edited_arguments(room):
    original = EditedJob.using(queue="default").enqueue(7, token="s3cret").id
    room.goto(f"/admin/jobs/job/{original}/")
    room.get_by_text("Run again").click()
    assert json.loads(room.get_by_label("Arguments by name").input_value()) == {
        "token": "[redacted: kwargs.token]"
    }
    room.get_by_label("Positional arguments").fill("[8]")
    click(room, "Enqueue a copy")
    assert room.get_by_role("row", name="args[0] 7 8").is_visible()
    click(room, "Enqueue a copy")

    told(room, "A copy was enqueued")
    copy = inspect.find(room.url.rstrip("/").rpartition("/")[2])
    assert (copy.payload.args, copy.payload.kwargs) == ([8], {"token": "s3cret"})


# Many jobs


def test_ticked_jobs_are_retried_and_others_not(room, jobs):
    ids = [job.id for job in inspect.job_set("dead").jobs]
    room.goto("/admin/jobs/dead/")
    tick(room, *ids[:2])
    click(room, "Retry now")

    told(room, "2 jobs are ready to run.")
    assert [place(job_id) for job_id in ids] == ["ready", "ready", "dead"]


@pytest.mark.parametrize(
    ("source", "verb", "destination"), [("scheduled", "Kill", "dead"), ("dead", "Delete", None)]
)
@pytest.mark.parametrize("scope", ["ticked", "all"])
def test_many_jobs_are_killed_or_deleted_after_a_question(
    room, jobs, source, verb, destination, scope
):
    room.goto(f"/admin/jobs/{source}/")
    if scope == "ticked":
        tick(room, jobs[source])
    room.get_by_label("With").select_option(scope)
    click(room, verb)
    expect(room.locator(".jobs-question")).to_contain_text("3 jobs" if scope == "all" else "1 job")
    assert place(jobs[source]) == source
    click(room, verb)

    told(room, "3 jobs were" if scope == "all" else "1 job was")
    assert place(jobs[source]) == destination


def test_ticked_jobs_are_rescheduled_after_the_time_was_asked(room, jobs):
    room.goto("/admin/jobs/retry/")
    tick(room, jobs["retry"])
    click(room, "Reschedule")
    room.get_by_label("Run at").fill("2031-07-01T12:00")
    click(room, "Reschedule")

    told(room, "1 job was rescheduled.")
    assert inspect.find(jobs["retry"]).at.year == 2031


def test_all_that_match_a_filter_are_retried(room, store, jobs):
    other = put(store, "dead", job_class="other.Job")
    room.goto("/admin/jobs/dead/")
    room.get_by_label("Search", exact=True).fill(f"class:{JOB_CLASS}")
    click(room, "Filter")
    room.get_by_label("With").select_option("all")
    click(room, "Retry now")
    click(room, "Retry now")

    told(room, "3 jobs are ready to run.")
    assert place(other) == "dead"
    assert f"q=class%3A{JOB_CLASS}" in room.url


@pytest.mark.parametrize(
    ("button", "destination"), [("Retry all", "ready"), ("Delete all", None), ("Kill all", "dead")]
)
def test_a_group_of_failures_is_changed_at_once(room, jobs, button, destination):
    room.goto("/admin/jobs/failures/")
    click(room, button)
    click(room, {"Retry all": "Retry now", "Delete all": "Delete", "Kill all": "Kill"}[button])

    told(room, "3 jobs" if button == "Kill all" else "6 jobs")
    assert place(jobs["retry"]) == destination


# Queues and workers


def test_a_queue_is_paused_resumed_and_cleared(room, jobs):
    room.goto("/admin/jobs/queues/default/")
    click(room, "Pause")
    told(room, "Queue default is paused.")
    click(room, "Resume")
    told(room, "Queue default goes on.")
    click(room, "Clear")
    click(room, "Clear")
    told(room, "3 jobs were deleted.")

    assert place(jobs["ready"]) is None
    assert place(jobs["dead"]) == "dead"


def test_a_quiet_worker_takes_jobs_again(room, store):
    store.client.hset(store.shared.worker(worker_name()), "quiet", "1")
    room.goto("/admin/jobs/workers/")
    click(room, "Take jobs again")
    told(room, "will take jobs again")

    assert Requests(store).take(worker_name()) == ["unquiet"]


def test_a_worker_is_made_quiet_and_stopped(room, store):
    room.goto("/admin/jobs/workers/")
    click(room, "Quiet")
    told(room, "will take no more jobs")
    open_sure(room, "Stop")
    click(room, "Stop it")
    told(room, "will stop as soon as")

    assert Requests(store).take(worker_name()) == ["quiet", "stop"]


# Looking


def test_a_job_is_found_by_its_id(room, jobs):
    room.goto("/admin/jobs/")
    room.get_by_label("Find a job by its id").fill(jobs["retry"])
    room.get_by_role("button", name="Find", exact=True).click()

    expect(room.locator(".jobs-why")).to_contain_text("Attempt 1 failed with orders.Declined")


def test_pages_of_a_long_set_lead_on_and_back(room, store):
    for n in range(60):
        put(store, "done", at=5e9 + n)
    room.goto("/admin/jobs/done/")
    room.get_by_role("link", name="Next").click()
    expect(room.locator(".jobs-table tbody tr")).to_have_count(13)
    room.get_by_role("link", name="Previous").click()
    expect(room.locator(".jobs-table tbody tr")).to_have_count(50)


def test_who_may_only_look_finds_no_button(chromium, live_server, jobs):
    with visit(chromium, live_server.url, make_user("view_jobs")) as page:
        for path in ("queues/default/", "workers/", "dead/", "failures/", f"job/{jobs['dead']}/"):
            page.goto(f"/admin/jobs/{path}")
            expect(page.locator(".jobs-page form[method=post]")).to_have_count(0)


def test_who_may_not_look_finds_nothing(chromium, live_server, jobs):
    with visit(chromium, live_server.url, make_user()) as page:
        page.goto("/admin/")
        expect(page.get_by_text("Control room")).to_have_count(0)


def test_an_action_after_a_new_login_leads_to_its_page(chromium, live_server, jobs):
    user = make_user(is_superuser=True)
    user.set_password("a password")
    user.save()
    with visit(chromium, live_server.url, user) as page:
        page.goto(f"/admin/jobs/job/{jobs['dead']}/")
        page.context.clear_cookies(name="sessionid")
        click(page, "Retry now")
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill("a password")
        page.get_by_role("button", name="Log in").click()

        told(page, "press the button again")
        assert place(jobs["dead"]) == "dead"
        click(page, "Retry now")
        told(page, "1 job is ready to run.")
