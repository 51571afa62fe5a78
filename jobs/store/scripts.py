"""Loads the Lua scripts and calls them. The header of each says how many keys it takes; a test holds it to that."""

import re
from functools import cache
from importlib import resources
from typing import Any

from redis.commands.core import Script

from jobs.store.connection import Client

_KEY = re.compile(r"KEYS\[(\d+)\]")


class Scripts:
    """The scripts of `lua/`, bound to one client. Redis gets one when it is first used, and again if it lost it."""

    def __init__(self, client: Client) -> None:
        """Register every script; nothing is sent yet."""
        self._scripts = {name: client.register_script(source) for name, source in sources().items()}

    def run(self, name: str, keys: tuple[str, ...], args: list[Any]) -> Any:
        """Run one script and return what it returned."""
        script: Script = self._scripts[name]
        return script(keys=keys, args=args)


@cache
def sources() -> dict[str, str]:
    """Return the text of each script by its name."""
    folder = resources.files("jobs.store") / "lua"
    return {f.name.removesuffix(".lua"): f.read_text() for f in folder.iterdir() if f.name.endswith(".lua")}


def number_of_keys(source: str) -> int:
    """Return the number of keys that the header of a script announces."""
    header = [line for line in source.splitlines() if line.startswith(("-- KEYS", "-- ARGV"))]
    return max(int(number) for line in header for number in _KEY.findall(line))
