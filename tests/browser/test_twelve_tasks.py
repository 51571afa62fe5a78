"""Twelve tasks of an operator, done for real with mouse and keyboard.

Each starts at the overview. The numbers of clicks stand in docs/twelve_tasks.md. With `-s` the
time is printed that the pages took.
"""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from jobs import Cron, Job, inspect
from jobs.features.periodic.clockwork import Clockwork
from jobs.features.periodic.entries import entries_of
from jobs.inspect import failure_groups
from jobs.registry import registry
from jobs.store.requests import Requests
from tests.browser.control_room import make_user, visit
from tests.browser.hand import Hand
from tests.jobs.inspect.at_work import measure, run
from tests.jobs.inspect.filling import WORKER, failure, put

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]
HOUR = 3600.0
DEPLOYED = 900.0
CHARGE = "payments.ChargeJob"


class ReportJob(Job):
    schedule = Cron("30 2 * * *", timezone="Europe/Berlin")

    def perform(self, number: int = 0) -> None:
        """Do nothing."""


REPORT = registry.name_of(ReportJob)


@pytest.fixture
def night(store) -> dict[str, list[str]]:
    """Let a deploy go wrong, a quarter of an hour ago.

    Returns ids by what befell the jobs.
    """
    now = store.now()
    at = now - DEPLOYED
    store.client.zadd(store.shared.deploys, {f"{at * 1000:.0f} v2.4.1": at})
    for job_class, seconds, ago in ((CHARGE, 0.2, 1800), (CHARGE, 0.8, 300), ("mail.Slow", 2, 60)):
        measure(store, job_class, [seconds] * 40, ago=ago)
    Clockwork(lambda: entries_of(REPORT)).look(store)
    jobs = {
        "new": [_fail(store, CHARGE, "Declined", n, ago=600 - n) for n in range(3)],
        "old": [_fail(store, "mail.Slow", "Bounced", n, ago=48 * HOUR) for n in range(2)],
        "order": [put(store, "ready", "shop", kwargs={"order_id": n}) for n in (16, 17, 18)][1:2],
        "late": [put(store, "ready", "mail", at=now - 400 + n) for n in range(3)],
        "wrong": [_fail(store, REPORT, "NoReport", 7, ago=24 * HOUR, args=[7])],
    }
    jobs["running"] = run(
        store,
        ("mail.Slow", 4000, "mail", {"kwargs": {"order_id": 880}}),
        ("tests.AnyJob", 3, "mail", {}),
        queues="mail,default",
        concurrency=2,
    )
    return jobs


def _fail(store, job_class: str, error: str, number: int, *, ago: float, **fields) -> str:
    at = store.now() - ago
    told = failure(f"errors.{error}", f"Card {number} was refused", at=at)
    told["traceback"] = "Traceback\n  File charge.py, line 12"
    return put(store, "dead", at=at, job_class=job_class, errors=[told], failures=1, **fields)


@pytest.fixture
def hand(chromium, live_server, night):
    """Open the overview, logged in. Prints at the end what the task took."""
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        page.goto("/admin/jobs/")
        hand = Hand(page)
        yield hand
    print(f"{hand.effort} {hand.seconds * 1000:.0f} ms")  # noqa: T201


def tab(page: Page, name: str) -> Locator:
    words = re.compile(rf"^{name}( \d+)?$")
    return page.locator(".jobs-tabs").get_by_role("link", name=words)


def button(where: Page | Locator, name: str) -> Locator:
    return where.get_by_role("button", name=name, exact=True)


def problem(page: Page, text: str) -> Locator:
    """Return the way to look into a problem of the overview."""
    return page.locator(".jobs-verdict li", has_text=text).get_by_role("link", name="Look")


def find(hand: Hand, text: str) -> None:
    field = hand.page.get_by_label("Find a job by its id")
    hand.fill(field, text)
    hand.enter(field)


def told(page: Page, text: str) -> None:
    expect(page.locator(".messagelist")).to_contain_text(text)


def places(ids: list[str]) -> set[str | None]:
    found = [inspect.find(job_id) for job_id in ids]
    return {job.place if job else None for job in found}


def test_1_find_the_job_of_order_17(hand, night):
    find(hand, "17")
    hand.follow(hand.page.locator("tbody tr", has_text='"order_id":17').get_by_role("link"))

    expect(hand.page.locator("#jobs-id")).to_have_text(night["order"][0])
    expect(hand.page.locator("#jobs-now")).to_contain_text("Waiting for")
    assert hand.effort == (2, 1, 2)


def test_2_retry_what_failed_since_the_deploy(hand, night):
    hand.follow(tab(hand.page, "Failures"))
    since = hand.page.get_by_role("row", name="after deploy v2.4.1")
    expect(since).to_have_count(1)
    hand.follow(button(since, "Retry all"))
    hand.follow(button(hand.page, "Retry now"))

    told(hand.page, "3 jobs are ready to run.")
    assert (places(night["new"]), places(night["old"])) == ({"ready"}, {"dead"})
    assert hand.effort == (3, 0, 3)


def test_3_why_is_this_queue_late_and_who_serves_it(hand):
    hand.follow(problem(hand.page, "Queue mail is late"))

    head = hand.page.locator(".jobs-now")
    expect(head).to_contain_text("All 2 threads of the workers that serve queue mail are busy.")
    expect(head.get_by_role("link", name=WORKER)).to_be_visible()
    assert hand.effort == (1, 0, 1)


def test_4_cancel_the_job_that_runs_too_long(hand, night, store):
    hand.follow(problem(hand.page, "A run of mail.Slow"))
    row = hand.page.get_by_role("row", name="longer than usual")
    hand.open(row.locator("summary"))
    hand.follow(button(row, "Cancel it"))

    told(hand.page, "was asked to cancel")
    assert Requests(store).take(WORKER) == [f"cancel {night['running'][0]}"]
    assert hand.effort == (3, 0, 2)


def test_5_what_broke_and_since_when(hand):
    hand.follow(tab(hand.page, "Failures"))
    row = hand.page.get_by_role("row", name=CHARGE)
    expect(row).to_contain_text("after deploy v2.4.1")
    hand.follow(row.get_by_role("link", name="Traceback"))

    expect(hand.page.locator(".jobs-traceback")).to_contain_text("charge.py, line 12")
    assert hand.effort == (2, 0, 2)


def test_6_pause_a_queue(hand):
    table = hand.page.get_by_role("region", name="Queues")
    hand.follow(table.get_by_role("link", name="mail"))
    hand.follow(button(hand.page, "Pause"))

    told(hand.page, "Queue mail is paused.")
    assert [each.name for each in inspect.queues() if each.is_paused] == ["mail"]
    assert hand.effort == (2, 0, 2)


def test_7_delete_all_dead_jobs_of_one_class(hand, night):
    hand.follow(tab(hand.page, "Dead"))
    hand.follow(hand.page.locator(".jobs-facets").get_by_role("link", name=CHARGE))
    hand.choose(hand.page.get_by_label("With"), "all")
    hand.follow(button(hand.page, "Delete"))
    hand.follow(button(hand.page, "Delete"))

    told(hand.page, "3 jobs were deleted.")
    assert (places(night["new"]), places(night["old"])) == ({None}, {"dead"})
    assert hand.effort == (6, 0, 4)


def test_8_run_a_dead_job_again_with_a_corrected_argument(hand, night):
    hand.follow(tab(hand.page, "Dead"))
    hand.follow(hand.page.get_by_role("link", name=REPORT).last)
    hand.open(hand.page.locator("#jobs-again"))
    hand.fill(hand.page.get_by_label("Positional arguments"), "[8]")
    hand.follow(button(hand.page, "Enqueue a copy"))

    told(hand.page, "A copy was enqueued")
    copy = inspect.find(hand.page.url.rstrip("/").rpartition("/")[2])
    assert (copy.place, copy.payload.args) == ("ready", [8])
    assert hand.effort == (4, 1, 3)


def test_9_how_long_does_a_class_take_before_and_after_the_deploy(hand):
    hand.follow(tab(hand.page, "Metrics"))
    hand.follow(hand.page.get_by_role("link", name=CHARGE))

    expect(hand.page.locator(".jobs-facts")).to_contain_text(re.compile(r"95 %\s*[\d.]+ m?s"))
    expect(hand.page.locator(".jobs-mark").first).to_contain_text("v2.4.1")
    assert hand.effort == (2, 0, 2)


def test_10_run_a_schedule_now(hand):
    before = inspect.stats().total("ready")
    hand.follow(tab(hand.page, "Schedules"))
    hand.follow(button(hand.page, f"Run now {REPORT}"))

    told(hand.page, f"Schedule {REPORT} made job")
    assert inspect.stats().total("ready") == before + 1
    assert hand.effort == (2, 0, 2)


def test_11_which_worker_has_this_job(hand, night):
    find(hand, night["running"][0])

    expect(hand.page.get_by_role("link", name=WORKER)).to_be_visible()
    assert hand.effort == (1, 1, 1)


def test_12_mute_a_known_failure(hand):
    hand.follow(tab(hand.page, "Failures"))
    hand.follow(button(hand.page.get_by_role("row", name="mail.Slow"), "Mute"))

    expect(hand.page.locator(".jobs-muted summary")).to_have_text("1 muted group")
    [group] = [each for each in failure_groups().groups if each.is_muted]
    assert group.job_class == "mail.Slow"
    assert hand.effort == (2, 0, 2)
