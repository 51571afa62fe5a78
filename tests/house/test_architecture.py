"""The pages name only what exists."""

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest
from django.contrib.auth.models import Permission

from jobs.registry import registry
from jobs.store.keys import KINDS, SHARED_KINDS, SharedKeys

ROOT = Path(__file__).resolve().parents[2]
#: ARCHITECTURE.md is the first.
PAGES = [
    ROOT / "ARCHITECTURE.md",
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
#: Where a path may begin that a page shortens, as `store/line.py` and `buffer.py`.
PACKAGE = ROOT / "jobs"
ENDINGS = r"py|lua|md|toml|html|css|js"


def paths_in(text: str) -> list[str]:
    """Return what is written as a path.

    It may stand in backticks, behind a link, or in a drawing. What begins with a slash is an
    address.
    """
    in_backticks = re.findall(rf"`([\w./*-]+(?:\.(?:{ENDINGS})|/))`", text)
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    drawn = re.findall(r"\((?:see )?((?:\w+/)+\w+\.py)\)", text)
    return [path for path in (*in_backticks, *linked, *drawn) if not path.startswith("/")]


def exists(path: str, page: Path) -> bool:
    """Whether a path is one of the project, or beside the page."""
    places = (ROOT, PACKAGE, PACKAGE / "store", page.parent)
    if any(list(place.glob(path)) for place in places if not path.startswith("../")):
        return True
    return (page.parent / path).exists() or ("/" not in path and any(PACKAGE.rglob(path)))


def names_in(text: str) -> set[str]:
    """Return what is written as a name of Python, such as `Catch` or `Line.send`."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    written = re.findall(r"`(?:self\.)?([A-Za-z_]\w+(?:\.\w+)*)(?:\(\))?`", prose)
    return {part for name in written for part in name.split(".")}


def dotted_in(text: str) -> set[str]:
    """Return what is written as a name of our package, such as `jobs.inspect.find(id)`."""
    return set(re.findall(r"`(jobs(?:\.[A-Za-z_]\w*)+)[`(]", text))


def is_known(name: str) -> bool:
    """Whether Python, the registry, a permission or a check has this name."""
    if name in registry.names() or re.fullmatch(r"jobs\.[EWI]\d{3}", name):
        return True
    if Permission.objects.filter(codename=name.removeprefix("jobs.")).exists():
        return True
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_of_the_package_on_the_page_resolves(page):
    assert [name for name in sorted(dotted_in(page.read_text())) if not is_known(name)] == []


def test_architecture_names_each_key_each_script_and_each_file_of_the_worker():
    text = PAGES[0].read_text()
    shared = SharedKeys("jobs")
    names = [
        *(f"…:{name}" for name in KINDS),
        *(getattr(shared, name).removeprefix("jobs:") for name in SHARED_KINDS),
        *(path.stem for path in PACKAGE.glob("store/lua/*.lua")),
        *(path.name for path in PACKAGE.glob("worker/*.py") if path.stem != "__init__"),
    ]

    assert [name for name in names if not re.search(rf"{re.escape(name)}\b", text)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_on_the_page_exists(page):
    paths = paths_in(page.read_text())

    assert [path for path in paths if not exists(path, page)] == []


def test_architecture_names_many_paths():
    assert len(paths_in(PAGES[0].read_text())) > 50


def test_every_name_in_architecture_stands_in_the_code():
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.lua"), *ROOT.glob("*.toml")]
    others = [*(ROOT / "tests").rglob("*.py"), *ROOT.glob("bin/*"), *ROOT.glob("orders/*.py")]
    text = "\n".join(path.read_text() for path in (*sources, *others) if path.is_file())
    words = set(re.findall(r"\w+", text))

    assert sorted(names_in(PAGES[0].read_text()) - words) == []
