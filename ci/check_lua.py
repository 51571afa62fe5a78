"""Fail when a Lua script disagrees with what is written about it.

That is its header, the prelude and the list of keys. `bin/ci lua` calls it.

The header is the contract between a script and its caller. It begins with flags, which say what the
script may do on a server that is full or only reads. One sentence follows, then every KEYS and ARGV
by number and meaning, what it returns, and what it costs.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRELUDE = "prelude"
#: What stands behind the prelude before every script of a queue.
BEHIND = ("claims", "crossings")
OF_A_QUEUE = "-- KEYS: those of a queue"
#: Scripts that add something, so that a server that is full refuses them. All others that write
#: must work there.
ADDING = frozenset({"fire", "note", "push", "push_unique"})
#: Commands that write nothing.
READING = frozenset(
    [
        "EXISTS",
        "GET",
        "HGET",
        "HLEN",
        "HMGET",
        "HSCAN",
        "HSTRLEN",
        "LLEN",
        "TIME",
        "ZCARD",
        "ZRANGE",
        "ZRANGEBYSCORE",
        "ZSCORE",
    ]
)
_CALL = re.compile(r"redis\.p?call\('(\w+)'(?:, *(\w+)(?![\w.(]))?")
_FUNCTION = re.compile(r"local function (\w+)\(.*?\n(.*?)\nend\b", re.DOTALL)
_DECLARED = re.compile(r"\b(?:local|for) ((?:\w+,\s*)*\w+) *(?:=|in\b)|\bfunction \w*\(([\w, ]*)\)")


def main() -> int:
    """Print what is wrong with the scripts, and return the exit code."""
    scripts = {path.stem: path.read_text() for path in sorted(ROOT.glob("jobs/**/*.lua"))}
    queue_keys = read_queue_keys((ROOT / "jobs/store/keys.py").read_text())
    complaints = [f"{name}.lua: {complaint}" for name, complaint in check_all(scripts, queue_keys)]
    print(
        "\n".join(complaints) or f"The headers of {len(scripts)} Lua scripts agree with their code."
    )
    return 1 if complaints else 0


def read_queue_keys(source: str) -> tuple[str, ...]:
    """Return the names in QUEUE_KEYS, in the order of `keys.py`."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "QUEUE_KEYS":
            return tuple(ast.literal_eval(node.value))
    raise SystemExit("jobs/store/keys.py has no QUEUE_KEYS")


def check_all(scripts: Mapping[str, str], queue_keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (script, what is wrong with it) for scripts and their prelude.

    Both are given by name.
    """
    for complaint in check_prelude(scripts[PRELUDE], queue_keys):
        yield PRELUDE, complaint
    behind = [name for name in BEHIND if name in scripts]
    for name in behind:
        for complaint in check(scripts[name]):
            yield name, complaint
    prelude = "\n".join([scripts[PRELUDE], *(split(scripts[name])[1] for name in behind)])
    for name, script in scripts.items():
        if name not in {PRELUDE, *behind}:
            for complaint in (
                *check(script),
                *check_flags(name, script, prelude),
                *check_keys(script, prelude),
            ):
                yield name, complaint


def check_prelude(prelude: str, queue_keys: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with the prelude.

    It stands behind the flags of another script and has none itself.
    """
    yield from check(prelude)
    named = [name for _, name in re.findall(r"KEYS\[(\d+)\] (\w+)", split(prelude)[0])]
    if named != list(queue_keys):
        yield f"the header names the keys {', '.join(named)}, `keys.py` {', '.join(queue_keys)}."


def check(script: str) -> Iterator[str]:
    """Yield where the header of one script and its code disagree."""
    header, code = split(script)
    if not re.match(r"-- [A-Z].*", header):
        yield "the first line must say what it does: `-- Move …`."
    for word in ("KEYS", "Returns:", "Cost:"):
        if word not in header:
            yield f"the header lacks `{word}`."
    names = re.findall(r"KEYS\[\d+\] (\w+)", header)
    unpacked = re.search(r"local ([\w,\s]+) = unpack\(KEYS\)", code)
    if unpacked and re.split(r",\s+", unpacked[1]) != names:
        yield f"the header names the keys {', '.join(names)}, the code {unpacked[1]}."
    for array in ("KEYS", "ARGV"):
        unknown = numbers(array, code) - numbers(array, header)
        if unknown:
            yield f"the code uses {array} {sorted(unknown)}, of which the header says nothing."


def check_flags(name: str, script: str, prelude: str) -> Iterator[str]:
    """Yield what is wrong with the flags of a script.

    They are in the first line: `#!lua flags=…`, or `#!lua` alone.
    """
    first = script.partition("\n")[0]
    match = re.fullmatch(r"#!lua(?: flags=([a-z,-]+))?", first)
    if not match:
        yield "the first line must be `#!lua`, with flags or without."
        return
    wanted = "no-writes" if not writes(script, prelude) else "" if name in ADDING else "allow-oom"
    if (match[1] or "") != wanted:
        yield f"the flags must be `{wanted}`, they are `{match[1] or ''}`."


def check_keys(script: str, prelude: str) -> Iterator[str]:
    """Yield what is wrong with the names of a script.

    That is each key that nothing binds, each name that hides one of the prelude, and KEYS of its
    own that do not follow those of the prelude.
    """
    header, code = split(script)
    is_of_a_queue = OF_A_QUEUE in header
    bound = bound_by(prelude) if is_of_a_queue else frozenset[str]()
    own = declared(code)
    for key in dict.fromkeys(key for _, key in _CALL.findall(code)):
        if key and key not in bound | own | {"KEYS"}:
            yield f"nothing binds the key `{key}`."
    if hidden := sorted(bound & own):
        yield f"it hides what the prelude binds: {', '.join(hidden)}."
    if is_of_a_queue:
        have = numbers("KEYS", prelude)
        more = numbers("KEYS", header)
        if more != {max(have) + n for n in range(1, len(more) + 1)}:
            yield f"its own KEYS {sorted(more)} must follow the {len(have)} of the prelude."


def writes(script: str, prelude: str) -> bool:
    """Tell whether a script runs a command that writes.

    It may do so itself or by a function of the prelude.
    """
    code = split(script)[1]
    if _writes(code):
        return True
    functions = dict(_FUNCTION.findall(split(prelude)[1])) if OF_A_QUEUE in script else {}
    return any(
        re.search(rf"\b{name}\(", code) and writes(body, prelude)
        for name, body in functions.items()
    )


def _writes(code: str) -> bool:
    return any(command not in READING for command, _ in _CALL.findall(code))


def bound_by(prelude: str) -> frozenset[str]:
    """Return the names that the prelude gives to every script behind it.

    These are keys, values and functions.
    """
    code = split(prelude)[1]
    outside = _FUNCTION.sub("", code)
    return frozenset(declared(outside) | {name for name, _ in _FUNCTION.findall(code)})


def declared(code: str) -> frozenset[str]:
    """Return all names that a piece of code declares."""
    lists = [names or parameters for names, parameters in _DECLARED.findall(code)]
    return frozenset(name for names in lists for name in re.findall(r"\w+", names))


def split(script: str) -> tuple[str, str]:
    """Return the comment at the head of a script, and the code below it.

    The code is without comments, and neither has the flags.
    """
    lines = script.splitlines()
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    end = next(
        (number for number, line in enumerate(lines) if not line.startswith("--")), len(lines)
    )
    return "\n".join(lines[:end]), "\n".join(re.sub(r"--.*", "", line) for line in lines[end:])


def numbers(array: str, text: str) -> set[int]:
    """Return the numbers with which KEYS or ARGV is indexed in a text."""
    return {int(number) for number in re.findall(rf"{array}\[(\d+)\]", text)}


if __name__ == "__main__":
    sys.exit(main())
