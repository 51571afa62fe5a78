"""Two rehearsals as a newcomer follows them.

Press the button, let a real worker run, and watch the proof appear.
"""

from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from fake_services.models import Charge, Notification
from jobs.store import Store
from rehearsals.jobs import RETRIES
from tests.orders.factories import CustomerFactory
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.redis,
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "fake_services"], transaction=True),
]


@pytest.fixture(autouse=True)
def development(settings):
    settings.DEBUG = True


@pytest.fixture
def run_again_at_once(run_jobs, store: Store) -> Callable[[str], None]:
    """Return a function that runs what waits for its retry, without the wait."""

    def run(*queues: str) -> None:
        for queue in queues:
            ids = [raw.decode() for raw in store.client.zrange(store.keys(queue).retry, 0, -1)]
            assert ids, f"Nothing in {queue} waits for a retry."
            store.sets.move(queue, "retry", "ready", ids)
        run_jobs()

    return run


def press(page: Page, drill: str, button: str) -> None:
    page.goto("/rehearsals/")
    card = page.get_by_test_id(drill)
    card.locator("summary").click()
    card.get_by_role("button", name=button).click()
    expect(card.locator("summary")).to_contain_text("Under way")


def test_permanent_failure_ends_in_the_dead_set_and_every_failure_is_told(
    page: Page, run_jobs, run_again_at_once
):
    press(page, "permanent-failure", "Enqueue a PermanentFailureJob")
    expect(page.get_by_test_id("ready")).to_have_text("Ready1")

    run_jobs()
    expect(page.get_by_test_id("retry")).to_have_text("Retry1")
    for _ in range(RETRIES):
        run_again_at_once("default")

    expect(page.get_by_test_id("dead")).to_have_text("Dead1")
    card = page.get_by_test_id("permanent-failure")
    expect(card.locator("summary")).to_contain_text("Proved")
    expect(card.get_by_test_id("proof")).to_contain_text("0 before, 1 now")
    # Each report is a job of its own, so the last of them come in any order.
    wait_until(lambda: Notification.objects.count() == RETRIES + 2)
    told = Counter(each.request["exception_class"] for each in Notification.objects.all())
    assert told == {"NoRetryWillMendIt": RETRIES + 1, "RuntimeError": 1}


def test_naive_order_is_charged_twice_and_the_careful_one_once(
    page: Page, run_jobs, run_again_at_once
):
    CustomerFactory.create()
    press(page, "double-charge", "Place both orders")

    run_jobs()
    proof = page.get_by_test_id("double-charge").get_by_test_id("proof")
    expect(proof).to_contain_text("1 charge, in progress")
    run_again_at_once("high", "default")

    expect(page.get_by_test_id("double-charge").locator("summary")).to_contain_text("Proved")
    expect(proof.get_by_role("row", name="Naive order")).to_contain_text("2 charges")
    expect(proof.get_by_role("row", name="Careful order")).to_contain_text("1 charge")
    assert Charge.objects.count() == 3
