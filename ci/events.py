"""Write the table of all events in docs/events.md from their classes.

    python ci/events.py            bring the table up to date
    python ci/events.py --check    say whether it is, and change nothing

`bin/ci events` checks it.
"""

import inspect
import logging
import sys
from pathlib import Path
from types import ModuleType

from jobs.ending import Ending
from jobs.events import Event, JobEnded, job_events, other_events, replacement_events, worker_events

PAGE = Path(__file__).parents[1] / "docs" / "events.md"
BEGIN, END = "<!-- begin of the table -->\n", "<!-- end of the table -->\n"


def main() -> int:
    """Return 1 if the page is to be checked and out of date."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = f"{before}{BEGIN}{table()}{END}{after}"
    if wanted == page:
        return 0
    if "--check" in sys.argv:
        sys.stderr.write("docs/events.md is out of date. Run: python ci/events.py\n")
        return 1
    PAGE.write_text(wanted)
    return 0


def table() -> str:
    """Return a row for each class that is an event of its own."""
    rows = [
        row(kind)
        for module in (job_events, worker_events, replacement_events, other_events)
        for kind in classes_in(module)
    ]
    return "\n".join(
        ["| event | line | level | when | fields |", "| --- | --- | --- | --- | --- |", *rows, ""]
    )


def classes_in(module: ModuleType) -> list[type[Event]]:
    """Return the classes of a module that have a name, in their order there."""
    found = [
        kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Event)
    ]
    return [kind for kind in found if kind.__module__ == module.__name__ and hasattr(kind, "NAME")]


def row(kind: type[Event]) -> str:
    """Return the row of one class."""
    own = [
        name.removesuffix("_") for name in kind.__struct_fields__ if name not in {"at", "raised"}
    ]
    fields = ", ".join(f"`{name}`" for name in own)
    return f"| `{kind.__name__}` | {line_of(kind)} | {level_of(kind)} | {when(kind)} | {fields} |"


def line_of(kind: type[Event]) -> str:
    """Return the names of the line that an event has in the log."""
    if kind is JobEnded:
        return ", ".join(dict.fromkeys(f"`{ending.event}`" for ending in Ending))
    return f"`{kind.NAME}`" if kind.LEVEL else "none"


def level_of(kind: type[Event]) -> str:
    """Return the level of the line in words."""
    if kind is JobEnded:
        return "by ending"
    level = logging.getLevelName(kind.LEVEL).lower() if kind.LEVEL else ""
    worse = getattr(kind, "WORSE", None)
    return f"{level}, {logging.getLevelName(worse).lower()} after a crash" if worse else level


def when(kind: type[Event]) -> str:
    """Return the docstring in one line."""
    return " ".join((inspect.getdoc(kind) or "").split())


if __name__ == "__main__":
    sys.exit(main())
