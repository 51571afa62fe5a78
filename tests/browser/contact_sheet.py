"""Photograph every page of control room and example, and join the pictures.

    python -m tests.browser.contact_sheet --out /tmp/sheets

Each sheet shows some pages in one state and one look. The states are an empty Redis, a full one,
one with a key of a wrong type, and none at all. Each is photographed light and dark, wide and
narrow. The pictures in full size lie beside the sheets. It serves the example itself, with a Valkey
and databases of its own, and reaches no other.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from itertools import count
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.photographs import (
    CONTROL_ROOM,
    EXAMPLE,
    JOBS,
    LOOKS,
    ORDERS,
    Look,
    Site,
    View,
    leave_alone,
    path_of,
    photograph,
)
from tests.browser.whole_example import WholeExample, start_chromium, whole_example

#: How many pictures a sheet of wide pages has, and one of narrow pages; how many stand in a row.
WIDE, NARROW = (4, 2), (5, 5)
#: The width of a sheet, and the height at which a picture is cut. Pixels.
SHEET_WIDTH, CUT_AT = 1440, 900
STATES = ("empty", "full", "wrong-type", "stopped")
STYLE = """
body { margin: 16px; font: 600 16px system-ui; background: #8a8a8a; color: #000; }
main { display: grid; grid-template-columns: repeat(%(columns)d, 1fr); gap: 16px; }
figure { margin: 0; } figcaption { margin-bottom: 4px; }
a { display: block; max-height: %(cut_at)dpx; overflow: hidden; }
img { display: block; width: 100%%; }
"""
Pictures = Sequence[tuple[str, Path]]


def main() -> None:
    """Serve the example in each state, and leave its sheets in a folder."""
    wanted = _arguments()
    with whole_example() as example, sync_playwright() as browsers:
        browser = start_chromium(browsers)
        for state, places, views in _states(example):
            if state not in wanted.state:
                continue
            folder = wanted.out / state
            folder.mkdir(parents=True, exist_ok=True)
            chosen = [view for view in views if wanted.only in view.name]
            for look in LOOKS:
                paths = [(view, path_of(view, places)) for view in chosen]
                site = Site(browser, example.url, example.log_in())
                shots = list(photograph(site, paths, look, folder))
                for sheet in _sheets(browser, shots, look, folder):
                    print(sheet, flush=True)
        browser.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="the folder for all pictures")
    parser.add_argument("--only", default="", help="only pages with this in their name")
    parser.add_argument("--state", nargs="+", choices=STATES, default=STATES, help="only these")
    return parser.parse_args()


def _states(example: WholeExample) -> Iterator[tuple[str, dict[str, str], Sequence[View]]]:
    """Bring the example into one state after the other.

    Yield its name, the ids of jobs and orders, and what is worth a picture.
    """
    yield "empty", {}, (*CONTROL_ROOM, *EXAMPLE)
    places = example.fill()
    everything = (*CONTROL_ROOM, *JOBS, *EXAMPLE, *ORDERS)
    yield "full", places, everything
    example.spoil()
    yield "wrong-type", places, (*CONTROL_ROOM, *JOBS)
    example.stop_redis()
    # There is nothing to press on a page without Redis, and that of a job is the same for all.
    bare = (view for view in everything if view not in JOBS or view.name == "job-dead")
    yield "stopped", places, tuple(replace(view, prepare=leave_alone) for view in bare)


def _sheets(browser: Browser, shots: Pictures, look: Look, folder: Path) -> Iterator[Path]:
    """Join pictures of one look, some on each sheet. Yield the sheets."""
    on_one, columns = WIDE if look.width > 800 else NARROW
    style = STYLE % {"columns": columns, "cut_at": CUT_AT}
    page = browser.new_page(viewport={"width": SHEET_WIDTH, "height": CUT_AT})
    for number, first in zip(count(1), range(0, len(shots), on_one), strict=False):
        sheet = folder / f"sheet-{look}-{number}.html"
        sheet.write_text(_html(shots[first : first + on_one], style))
        page.goto(sheet.resolve().as_uri())
        picture = sheet.with_suffix(".png")
        page.screenshot(path=picture, full_page=True)
        yield picture
    page.close()


def _html(shots: Iterable[tuple[str, Path]], style: str) -> str:
    figures = "".join(
        f"<figure><figcaption>{escape(name)}</figcaption>"
        f'<a href="{escape(picture.name)}"><img src="{escape(picture.name)}" alt=""></a></figure>'
        for name, picture in shots
    )
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><main>{figures}</main>"


if __name__ == "__main__":
    main()
