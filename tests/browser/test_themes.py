"""The control room in other themes of the admin.

Each is installed from the lock and served by a process of its own. They run on every Python and
Django that the suite runs on, also where a theme does not name it yet.
"""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from jobs import inspect
from tests.browser.control_room import furnish, make_user, underlined, visit
from tests.browser.theme_server import serve_with_theme
from tests.browser.theme_settings import APPS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "fake_services"]),
]
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "control_room.md"
PAGES = ("", "dead/", "failures/", "workers/", "job/{dead}/", "job/nosuch/")
#: How parts look where our stylesheets are applied, and a theme does not win over them.
LOOKS = {
    ".jobs-tabs a[aria-current]": {"borderBottomWidth": "3px", "fontSize": "12px"},
    ".jobs-tile": {"display": "flex", "borderTopLeftRadius": "8px"},
    ".jobs-table": {"borderCollapse": "collapse"},
    ".jobs-table thead th": {"textAlign": "left", "fontWeight": "600"},
    ".jobs-table td": {"paddingTop": "8px", "fontSize": "13px", "verticalAlign": "top"},
    ".jobs-find button": {"cursor": "pointer", "color": "rgb(255, 255, 255)"},
}
TEXT_IS_LIGHT = """room => {
  const [red, green, blue] = getComputedStyle(room).color.match(/[0-9.]+/g).map(Number);
  return getComputedStyle(room).color.startsWith("ok") ? red > 0.5 : red + green + blue > 384;
}"""


@pytest.fixture(scope="module", params=APPS)
def address(request, django_db_setup, tmp_path_factory):
    """Serve the example with one theme after the other."""
    with serve_with_theme(request.param, tmp_path_factory.mktemp("theme")) as url:
        yield url


def pale_texts(page):
    """Return what cannot be read for lack of contrast, in our part."""
    options = {"runOnly": ["color-contrast"]}
    found = Axe().run(page, context=".jobs-room", options=options).response["violations"]
    return [node["html"][:150] for each in found for node in each["nodes"]]


def test_a_dead_job_is_retried(chromium, address, store):
    dead = furnish(store)["dead"]
    with visit(chromium, address, make_user(is_superuser=True)) as page:
        page.goto("/admin/jobs/dead/")
        page.get_by_label(f"Job {dead}").check()
        page.get_by_role("button", name="Retry now", exact=True).click()

        expect(page.get_by_text("1 job is ready to run.")).to_be_visible()
    assert inspect.find(dead).place == "ready"


def test_stylesheets_win_over_the_theme(chromium, address, store):
    furnish(store)
    wrong = {}
    with visit(chromium, address, make_user(is_superuser=True)) as page:
        page.goto("/admin/jobs/")
        for part, looks in LOOKS.items():
            # In one step: the page replaces what it keeps up to date.
            style = page.evaluate(
                "part => ({...getComputedStyle(document.querySelector(part))})", part
            )
            if found := {name: style[name] for name in looks if style[name] != looks[name]}:
                wrong[part] = found

    assert wrong == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_and_fit_on_a_phone(chromium, address, store, scheme):
    jobs = furnish(store)
    wrong = {}
    options = {
        "bypass_csp": True,
        "color_scheme": scheme,
        "viewport": {"width": 400, "height": 900},
    }
    with visit(chromium, address, make_user(is_superuser=True), **options) as page:
        for path in PAGES:
            page.goto(f"/admin/jobs/{path.format(**jobs)}")
            is_light = page.locator(".jobs-room").evaluate(TEXT_IS_LIGHT)
            overflow = page.evaluate(
                "Math.max(0, document.documentElement.scrollWidth - innerWidth)"
            )
            found = (is_light, overflow, underlined(page), pale_texts(page))
            if found != (scheme == "dark", 0, [], []):
                wrong[path] = found

    assert wrong == {}


@pytest.mark.parametrize(
    ("scheme", "link", "good"),
    [
        ("light", "rgb(107, 33, 168)", "rgb(15, 118, 110)"),
        ("dark", "rgb(216, 180, 254)", "rgb(94, 234, 212)"),
    ],
)
def test_colours_of_a_project_win(chromium, live_server, store, scheme, link, good):
    furnish(store)
    [of_guide] = re.findall(r"```css\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    options = {"bypass_csp": True, "color_scheme": scheme}
    with visit(chromium, live_server.url, make_user(is_superuser=True), **options) as page:
        page.goto("/admin/jobs/queues/default/")
        page.locator("link[href*='jobs/theme']").evaluate(
            "(ours, css) => ours.before(Object.assign(document.createElement('style'), "
            "{textContent: css}))",
            of_guide,
        )
        expect(page.locator(".jobs-facts a").first).to_have_css("color", link)
        expect(page.locator(".jobs-badge-good").first).to_have_css("color", good)
