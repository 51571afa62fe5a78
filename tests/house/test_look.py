"""The page about the look and the style sheets say the same.

The tables of `docs/look.md` are the scale: every size of a sheet is in them, and every size in them
is used. The colours stand there with their values, in light and dark.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/look.md").read_text()
#: It repeats what Django's admin has, for themes that lack it.
THEME = ROOT / "jobs/static/jobs/theme.css"
CONTROL_ROOM = sorted({*(ROOT / "jobs/static/jobs").glob("*.css")} - {THEME})
NUMBERS = ROOT / "orders/static/orders/numbers.css"
EXAMPLE = [
    ROOT / "static/shop.css",
    *(ROOT / f"{app}/static/{app}/{app}.css" for app in ("bots", "rehearsals", "fake_services")),
]
ALL = [*CONTROL_ROOM, NUMBERS, *EXAMPLE]
#: What is no size: nothing, what the browser finds out, what comes from elsewhere.
NO_SIZES = {"0", "auto", "inherit"}


def rules(sheets: Iterable[Path]) -> str:
    """Return the rules of some sheets, without comments and without sums."""
    text = "".join(sheet.read_text() for sheet in sheets)
    return re.sub(r"/\*.*?\*/|(?:calc|clamp)\([^)]*\)", "", text, flags=re.DOTALL)


def values(css: str, properties: str) -> set[str]:
    """Return the single values that these properties have."""
    found = re.findall(rf"(?<![\w-])(?:{properties}):\s*([^;}}]+)", css)
    return {part.lstrip("-") for each in found for part in each.split()} - NO_SIZES


def section(title: str) -> str:
    """Return what stands under a heading of the page."""
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def told(title: str) -> set[str]:
    """Return what the first column of the table under a heading names."""
    rows = re.findall(r"^\| (`[^|]*) \|", section(title), re.MULTILINE)
    return {each for row in rows for each in re.findall(r"`([^`]+)`", row)}


def colours() -> dict[str, tuple[str, str]]:
    """Return the colours of the page: light and dark by name."""
    rows = re.findall(r"\| `(--[\w-]+)` \| `(#\w+)` \| `(#\w+)` \|", section("Colours"))
    return {name: (light, dark) for name, light, dark in rows}


@pytest.mark.parametrize(
    ("title", "sheets"),
    [("Type of the control room", [*CONTROL_ROOM, NUMBERS]), ("Type of the example", EXAMPLE)],
)
def test_sizes_of_type_are_those_of_the_page(title, sheets):
    assert values(rules(sheets), "font-size") == told(title)


def test_spaces_are_those_of_the_page():
    used = values(rules(ALL), r"(?:margin|padding|gap)(?:-\w+)?")

    assert {space for space in used if space.endswith("px")} == told("Spacing")
    assert {space for space in used if not space.endswith("px")} <= {
        "9vh",
        "var(--jobs-axis)",
        "var(--jobs-gap)",
    }


def test_corners_are_those_of_the_page():
    used = values(rules(ALL), "border-radius") - {"50%"}
    text = section("Spacing").split("Corners:")[1]

    assert used == {
        "var(--radius)" if each == "--radius" else each for each in re.findall(r"`([^`]+)`", text)
    }


def test_colours_have_the_values_of_the_page_in_light_and_dark():
    css = rules(ALL)
    used = {}
    for name, light, dark in re.findall(r"(--jobs-\w+): light-dark\((#\w+), (#\w+)\)", css):
        used[name] = (light, dark)
    for name in set(re.findall(r"(--color-[\w-]+):\s*#", css)):
        light, *darks = re.findall(rf"{name}:\s*(#\w+)", css)
        assert len(set(darks)) == 1, f"{name} has no dark colour, or several"
        used[name] = (light, darks[0])

    assert used == colours()


def test_every_sheet_and_part_of_the_page_exists():
    sheets = {Path(name).name for name in re.findall(r"`([\w/]+\.css)`", PAGE)}
    parts = set(re.findall(r"`\.(jobs-[\w-]+)`", PAGE))

    assert sheets == {sheet.name for sheet in (*ALL, THEME)}
    assert {part for part in parts if f".{part}" not in rules(CONTROL_ROOM)} == set()
