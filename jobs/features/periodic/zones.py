"""Time zones as schedules know them."""

from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo


@cache
def zone(name: str) -> ZoneInfo | None:
    """Return a time zone from the package `tzdata`, None if it lacks it.

    So all machines with the same lock file agree, whatever their systems know of time zones.
    """
    if not all(part.isidentifier() for part in _parts_of(name)):
        return None
    try:
        with (resources.files("tzdata") / "zoneinfo").joinpath(*name.split("/")).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError):
        return None


def _parts_of(name: str) -> list[str]:
    """Return the parts of the name of a zone, as identifiers.

    A sign is left out, as in Etc/GMT+1.
    """
    parts = [part for part in name.split("/") if part]
    return [f"_{part.replace('-', '').replace('+', '')}" for part in parts] or [""]
