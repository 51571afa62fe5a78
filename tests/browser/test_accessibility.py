"""axe-core finds no serious fault in the control room.

It looks at every page, in light and dark, wide and narrow.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe

from jobs.inspect import get_reader
from jobs.models import OutboxEntry
from jobs.store.metrics import Measure, MetricStore
from tests.browser.control_room import JOB_CLASS, furnish, make_user, underlined, visit
from tests.jobs.features.outbox.stage import AlwaysJob, fail_to_push
from tests.jobs.inspect.filling import beat, failure, put
from tests.jobs.unique_jobs import PlaceJob

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]
PAGES = (
    "",
    "queues/",
    "queues/default/",
    "running/",
    "workers/",
    "scheduled/",
    "retry/",
    "dead/",
    "done/",
    "dead/?text=nothing",
    "search/",
    "search/?q=class:orders.CompleteOrderJob",
    "schedules/",
    f"schedules/{JOB_CLASS}/",
    "failures/",
    "unique/",
    "outbox/",
    "metrics/",
    f"metrics/{JOB_CLASS}/",
    "job/{ready}/",
    "job/{scheduled}/",
    "job/{retry}/",
    "job/{dead}/",
    "job/{done}/",
    "job/{running}/",
    "job/nosuch/",
)


def faults(page):
    """Return what axe calls serious or critical, with where it is."""
    found = Axe().run(page).response["violations"]
    grave = [each for each in found if each["impact"] in {"serious", "critical"}]
    return [(each["id"], node["html"][:150]) for each in grave for node in each["nodes"]]


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_serious_fault_or_is_wider_than_the_screen(
    chromium, live_server, store, theme, width
):
    jobs = furnish(store)
    fail_to_push(1, job_class=AlwaysJob)
    OutboxEntry.objects.update(attempts=3, error="ResponseError: OOM command not allowed " * 20)
    for row in range(3):
        PlaceJob.using(commit="immediate").enqueue(row, "a text " * 20)
    options = {
        "bypass_csp": True,
        "color_scheme": theme,
        "viewport": {"width": width, "height": 900},
    }
    problems = {}
    with visit(chromium, live_server.url, make_user(is_superuser=True), **options) as page:
        for path in PAGES:
            page.goto(f"/admin/jobs/{path.format(**jobs)}")
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if found := [*faults(page), *([("overflow", overflow)] if overflow > 0 else [])]:
                problems[path] = found
        page.goto("/admin/jobs/dead/")
        page.get_by_label("With").select_option("all")
        page.get_by_role("button", name="Delete", exact=True).click()
        problems |= {"confirm": found} if (found := faults(page)) else {}

    assert problems == {}


def test_long_names_make_no_page_wider_than_a_phone(chromium, live_server, store):
    name = f"orders.{'Complete' * 40}Job"
    beat(store, host="machine" * 20)
    fields = {"job_class": name, "failures": 1, "errors": [failure("E" * 200, "m" * 200)]}
    places = ("ready", "scheduled", "retry", "dead", "done")
    jobs = [put(store, place, at=4e9, **fields) for place in places]
    paths = ["running/", "workers/", "failures/", "dead/", *(f"job/{job_id}/" for job_id in jobs)]
    too_wide = []
    size = {"width": 400, "height": 900}
    with visit(chromium, live_server.url, make_user(is_superuser=True), viewport=size) as page:
        for path in paths:
            page.goto(f"/admin/jobs/{path}")
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                too_wide.append(path)

    assert too_wide == []


def test_what_looks_like_a_tab_or_a_button_is_not_underlined(chromium, live_server, store):
    jobs = furnish(store)
    store.intake.announce_queues(["forlorn"])
    for n in range(60):
        put(store, "done", at=5e9 + n)
    wrong: dict[str, list[str]] = {}
    with visit(chromium, live_server.url, make_user(is_superuser=True)) as page:
        for path in ("", "done/", f"job/{jobs['dead']}/", "job/nosuch/"):
            page.goto(f"/admin/jobs/{path}")
            wrong |= {path: found} if (found := underlined(page)) else {}
        assert wrong == {}
        page.goto("/admin/jobs/queues/")
        for link in (".jobs-table a", ".jobs-page p a"):
            looks = page.locator(link).first.evaluate(
                "link => getComputedStyle(link).textDecorationLine"
            )
            assert looks == "underline"


def test_long_name_pushes_no_number_out_of_sight(chromium, live_server, store):
    furnish(store)
    measure = Measure()
    measure.add(0.2, is_failure=False)
    name = f"orders.{'Complete' * 40}OrderJob"
    MetricStore(store).add([(f"job:{name}", get_reader().now(), measure)])
    size = {"width": 1400, "height": 900}
    with visit(chromium, live_server.url, make_user(is_superuser=True), viewport=size) as page:
        page.goto("/admin/jobs/metrics/")
        cell = page.locator("tr", has_text=name).locator("td").last.bounding_box()

    assert cell["x"] + cell["width"] <= size["width"]


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("width", [1400, 400])
def test_no_column_or_button_is_out_of_sight(
    chromium, live_server, store, settings, language, width
):
    settings.LANGUAGE_CODE = language
    settings.JOBS = {**settings.JOBS, "QUEUE_LIMITS": {"default": 10_000}}
    furnish(store)
    too_wide = []
    size = {"width": width, "height": 900}
    hidden = "boxes => boxes.some(box => box.scrollWidth > box.clientWidth)"
    with visit(chromium, live_server.url, make_user(is_superuser=True), viewport=size) as page:
        for path in (
            "queues/",
            "running/",
            "workers/",
            "schedules/",
            "failures/",
            "dead/",
            "search/?q=class:orders.CompleteOrderJob",
            "unique/",
        ):
            page.goto(f"/admin/jobs/{path}")
            if page.locator(".jobs-scroll").evaluate_all(hidden):
                too_wide.append(path)

    assert too_wide == []
