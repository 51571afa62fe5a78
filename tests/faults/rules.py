"""What a proxy may do to a command.

And which command it does it to.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from jobs.store.scripts import sources

#: Their first word alone says little.
_CONTAINERS = frozenset({"CLIENT", "CONFIG", "SCRIPT"})


class Kind(Enum):
    """Where a connection is cut, or that an answer comes late."""

    #: Redis never sees the command.
    BEFORE = "before"
    #: Redis executes the command, and its answer is lost.
    AFTER = "after"
    #: The client gets the first half of the answer.
    MIDDLE = "middle"
    #: The client gets the answer, but not yet.
    LATE = "late"


@dataclass(frozen=True)
class Fault:
    """What happens to one command. `seconds` is how late a late answer comes."""

    kind: Kind
    seconds: float = 0.0


@dataclass(frozen=True)
class Command:
    """One command on its way to Redis.

    `number` counts all that passed the proxy, from 1. `name` is that of the script if it calls one,
    such as "fetch", else the command, such as "BLPOP" or "CLIENT ID".
    """

    number: int
    name: str
    words: list[bytes]
    raw: bytes


#: Decides what happens to a command; the proxy asks it once for each, in their order.
Rule = Callable[[Command], Fault | None]


def script_names() -> dict[str, str]:
    """Return the name of each script by its SHA1.

    Keys say nothing, since all scripts of a queue may get the same.
    """
    return {_sha(text.encode()): name for name, text in sources().items()}


def name_of(words: list[bytes], scripts: dict[str, str]) -> str:
    """Return what a command is called in a report."""
    if not words:
        return ""
    name = words[0].decode(errors="replace").upper()
    if len(words) == 1:
        return name
    if name == "EVALSHA":
        return scripts.get(words[1].decode(errors="replace").lower(), name)
    if name == "EVAL":
        return scripts.get(_sha(words[1]), name)
    return f"{name} {words[1].decode(errors='replace').upper()}" if name in _CONTAINERS else name


def _sha(text: bytes) -> str:
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


def never(command: Command) -> Fault | None:
    """Leave every command alone."""
    return None


def nth(number: int, fault: Fault, name: str | None = None) -> Rule:
    """Strike the command of this number, of all or of those of one name."""
    seen = 0

    def strike(command: Command) -> Fault | None:
        nonlocal seen
        is_meant = name in {None, command.name}
        seen += is_meant
        return fault if is_meant and seen == number else None

    return strike


def every(times: int, name: str, fault: Fault) -> Rule:
    """Strike every so many calls of one script or command."""
    seen = 0

    def strike(command: Command) -> Fault | None:
        nonlocal seen
        seen += command.name == name
        return fault if command.name == name and seen % times == 0 else None

    return strike


def first_of(*rules: Rule) -> Rule:
    """Ask each rule and take the first fault."""

    def ask(command: Command) -> Fault | None:
        faults = [rule(command) for rule in rules]  # all: some of them count
        return next((fault for fault in faults if fault), None)

    return ask
