"""The bots' page in the browser, with a real worker.

It shows who posts, who fails, and who repeats himself.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from bots.models import Bot, Turn
from bots.runs import start_run
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.jobs("real"),
    pytest.mark.django_db(databases=["default", "fake_services"], transaction=True),
]


@pytest.fixture
def shop(shop: str, settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point all bots at the server's own social service.

    Those of the server and those of the worker.
    """
    settings.SOCIAL_API_URL = f"{shop}/fake/social"
    monkeypatch.setenv("FAKE_SERVICES_URL", f"{shop}/fake")
    return shop


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def newest_run(page: Page) -> Locator:
    return page.get_by_test_id("run").first


def work_until(posted: int, run_jobs: Callable[[], None]) -> None:
    """Run the worker until so many turns are over.

    A retry is not due at once.
    """

    def are_posted() -> bool:
        run_jobs()
        return Turn.objects.exclude(post_id=None).count() == posted

    wait_until(are_posted, timeout=60)


def test_every_bot_posts_while_the_page_shows_it(page: Page, run_jobs):
    page.goto("/")
    page.get_by_role("link", name="Bots").click()
    expect(page.get_by_text("Nobody has said anything yet")).to_be_visible()

    press(page, "Run")
    expect(newest_run(page).get_by_test_id("state")).to_have_text("In progress")
    run_jobs()

    expect(newest_run(page).get_by_test_id("state")).to_have_text("Complete")
    for bot in Bot:
        expect(newest_run(page).get_by_test_id(bot.value)).to_contain_text(bot.line)


def test_worf_crashes_alone_and_posts_once_when_he_is_calm(page: Page, run_jobs):
    page.goto("/bots/")
    press(page, "Make Worf crash")
    expect(page.get_by_text("Worf crashes", exact=True)).to_be_visible()
    press(page, "Run")
    run_jobs()
    for bot in (Bot.PICARD, Bot.RIKER, Bot.LOCUTUS):
        expect(newest_run(page).get_by_test_id(bot.value)).to_contain_text("po_")
    expect(newest_run(page).get_by_test_id("worf")).to_contain_text("Failed 1 time. Tries again.")

    press(page, "Calm Worf")
    expect(page.get_by_text("Worf is calm")).to_be_visible()
    work_until(len(Bot), run_jobs)

    expect(newest_run(page).get_by_test_id("state")).to_have_text("Complete")
    expect(newest_run(page).get_by_test_id("worf")).to_contain_text(Bot.WORF.line)
    expect(page.get_by_text("Repeats itself")).to_have_count(0)


def test_counter_example_repeats_riker(page: Page, run_jobs):
    page.goto("/bots/")
    press(page, "Make Worf crash")
    press(page, "Run the counter-example")
    run_jobs()
    expect(newest_run(page).get_by_test_id("riker")).to_contain_text("po_")
    expect(newest_run(page).get_by_test_id("locutus")).to_contain_text("Waiting")

    press(page, "Calm Worf")
    expect(page.get_by_text("Worf is calm")).to_be_visible()
    work_until(len(Bot), run_jobs)

    expect(newest_run(page).get_by_test_id("state")).to_have_text("Complete")
    expect(newest_run(page).get_by_text("Repeats itself")).to_be_visible()
    # On a slow machine the retry may have come before Worf was calm.
    # Then Riker repeats himself once more.
    expect(newest_run(page).get_by_test_id("riker")).to_contain_text(
        re.compile(r"Posted \d+ times")
    )
    expect(newest_run(page).get_by_test_id("worf")).not_to_contain_text("Posted")


def test_page_without_javascript_reloads_itself(chromium, shop: str):
    run = start_run()
    with chromium.new_context(base_url=shop, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/bots/")
        expect(newest_run(page).get_by_test_id("state")).to_have_text("In progress")

        run.turns.update(post_id="po_00000000")

        expect(newest_run(page).get_by_test_id("state")).to_have_text("Complete")
