"""A hand that does tasks in a browser, and counts what they take."""

import time

from playwright.sync_api import Locator, Page


class Hand:
    """Clicks, types, and counts it.

    Enter counts as a click. To choose from a list counts as two: one opens it.
    """

    def __init__(self, page: Page) -> None:
        """Start at the page that is open."""
        self.page = page
        self.clicks = 0
        self.fields = 0
        self.pages = 0
        self.seconds = 0.0

    @property
    def effort(self) -> tuple[int, int, int]:
        """Clicks, fields and pages so far."""
        return self.clicks, self.fields, self.pages

    def open(self, target: Locator) -> None:
        """Click something that stays on the page."""
        self.clicks += 1
        target.click()

    def choose(self, target: Locator, value: str) -> None:
        """Open a list and click on a line of it."""
        self.clicks += 2
        target.select_option(value)

    def fill(self, target: Locator, text: str) -> None:
        """Replace what stands in a field, by keys."""
        self.fields += 1
        target.press("ControlOrMeta+a")
        target.press_sequentially(text)

    def follow(self, target: Locator) -> None:
        """Click something that loads a page, and wait until it is there."""
        self._load(target.click)

    def enter(self, target: Locator) -> None:
        """Send a form by the key Enter."""
        self._load(lambda: target.press("Enter"))

    def _load(self, act) -> None:
        self.clicks += 1
        self.pages += 1
        begun = time.perf_counter()
        with self.page.expect_navigation(wait_until="load"):
            act()
        self.seconds += time.perf_counter() - begun
