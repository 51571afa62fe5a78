"""Which pages of the control room and the example are photographed, and how."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

JOB_CLASS = "orders.CompleteOrderJob"
PLACES = ("ready", "scheduled", "retry", "dead", "done", "running")


@dataclass(frozen=True)
class Look:
    """A colour scheme and a width."""

    theme: str
    width: int

    def __str__(self) -> str:
        """Return the name that files of this look bear."""
        return f"{self.theme}-{self.width}"


LOOKS = tuple(Look(theme, width) for theme in ("light", "dark") for width in (1400, 400))


def leave_alone(page: Page) -> None:
    """Leave a page as it comes."""


@dataclass(frozen=True)
class View:
    """A page under a name, and what is done on it before."""

    name: str
    path: str
    prepare: Callable[[Page], None] = leave_alone


def _press(name: str) -> Callable[[Page], None]:
    def press(page: Page) -> None:
        page.get_by_role("button", name=name, exact=True).first.click()

    return press


def _confirm_deletion(page: Page) -> None:
    page.get_by_label("With").select_option("all")
    _press("Delete")(page)


def _unfold(selector: str) -> Callable[[Page], None]:
    def unfold(page: Page) -> None:
        page.locator(selector).evaluate_all("all => all.forEach(each => { each.open = true })")

    return unfold


CONTROL_ROOM = (
    View("overview", ""),
    View("overview-8h", "?in=8h"),
    View("overview-30d", "?in=30d"),
    View("queues", "queues/"),
    View("queue", "queues/default/"),
    View("running", "running/"),
    View("workers", "workers/"),
    View("scheduled", "scheduled/"),
    View("retry", "retry/"),
    View("dead", "dead/"),
    View("done", "done/"),
    View("nothing-found", "dead/?text=nothing"),
    View("schedules", "schedules/"),
    View("schedule", "schedules/orders.ReconcileOrdersJob/"),
    View("failures", "failures/"),
    View("unique", "unique/"),
    View("outbox", "outbox/"),
    View("metrics", "metrics/"),
    View("class-metrics", f"metrics/{JOB_CLASS}/"),
    View("no-job", "job/nosuch/"),
)
#: What only a control room with jobs has.
JOBS = (
    *(View(f"job-{place}", f"job/{{{place}}}/") for place in PLACES),
    View("confirm-deletion", "dead/", _confirm_deletion),
    View("confirm-clear", "queues/newsletter/", _press("Clear")),
    View("run-again", "job/{dead}/", _unfold("details")),
)
EXAMPLE = (
    View("shop", "/"),
    View("new-order", "/orders/new"),
    View("wrong-order", "/orders/new", _press("Place Order")),
    View("bots", "/bots/"),
    View("rehearsals", "/rehearsals/"),
    View("rehearsal", "/rehearsals/?open=double-charge"),
    View("fakes", "/fake/"),
    View("fake-records", "/fake/payments/ui"),
    View("fake-behavior", "/fake/behaviors/payments/edit"),
    View("numbers", "/admin/orders/order/numbers/"),
)
ORDERS = tuple(
    View(f"order-{name}", f"/orders/{{{name}}}") for name in ("complete", "declined", "in_progress")
)


@dataclass(frozen=True)
class Site:
    """A browser, where the pages are, and the session of who sees them."""

    browser: Browser
    url: str
    session: str

    @contextmanager
    def visit(self, **options: Any) -> Iterator[Page]:
        """Open a browser in which somebody is logged in."""
        with self.browser.new_context(base_url=self.url, **options) as context:
            context.add_cookies([{"name": "sessionid", "value": self.session, "url": self.url}])
            yield context.new_page()


def photograph(
    site: Site, views: Iterable[tuple[View, str]], look: Look, folder: Path
) -> Iterator[tuple[str, Path]]:
    """Photograph pages in one look. Yield the name and the picture of each."""
    viewport = {"width": look.width, "height": 900}
    with site.visit(color_scheme=look.theme, viewport=viewport) as page:
        for view, path in views:
            picture = folder / f"{view.name}-{look}.png"
            page.goto(path)
            view.prepare(page)
            page.wait_for_load_state()
            page.screenshot(path=picture, full_page=True)
            wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            yield f"{view.name}{f' ({wider} px too wide)' if wider > 0 else ''}", picture


def path_of(view: View, places: dict[str, str]) -> str:
    """Return the address of a view, for these ids of jobs and orders."""
    path = view.path.format(**places)
    return path if path.startswith("/") else f"/admin/jobs/{path}"
