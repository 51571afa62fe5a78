"""Weigh the pages of the control room: bytes by kind, and requests.

    python -m tests.browser.page_weight

It prints a table for `docs/control_room.md`. A page is loaded by a browser that knows none of it
yet, as a newcomer's. Bytes are those of the files, before a server or a proxy compresses them.
"""

from collections import Counter

from playwright.sync_api import Response, sync_playwright

from tests.browser.photographs import CONTROL_ROOM, JOBS, Site, View, leave_alone, path_of
from tests.browser.whole_example import start_chromium, whole_example

KINDS = ("document", "stylesheet", "script", "image")
TITLES = ("HTML", "CSS", "JavaScript", "images", "all")
KILO = 1_000


def main() -> None:
    """Print one row for each page."""
    print(f"| page | {' | '.join(TITLES)} | requests |")
    print("| --- |" + " ---: |" * (len(TITLES) + 1))
    with whole_example() as example, sync_playwright() as browsers:
        places = example.fill()
        browser = start_chromium(browsers)
        site = Site(browser, example.url, example.log_in())
        for view in (*CONTROL_ROOM, *JOBS):
            if view.prepare is leave_alone:
                print(_row(view, *_weigh(site, path_of(view, places))), flush=True)
        browser.close()


def _weigh(site: Site, path: str) -> tuple[Counter[str], int]:
    """Return the bytes of a page by kind, and how many requests it took."""
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    with site.visit() as page:
        page.on("response", note)
        page.goto(path, wait_until="networkidle")
        weight: Counter[str] = Counter()
        for answer in answers:
            weight[answer.request.resource_type] += len(answer.body())
    return weight, len(answers)


def _row(view: View, weight: Counter[str], requests: int) -> str:
    cells = [weight[kind] for kind in KINDS]
    sizes = " | ".join(f"{size / KILO:.1f}" for size in (*cells, weight.total()))
    return f"| {view.name} | {sizes} | {requests} |"


if __name__ == "__main__":
    main()
