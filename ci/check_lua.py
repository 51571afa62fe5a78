"""Fail when the header of a Lua script and its code disagree; `bin/ci lua` calls it.

The header is the contract between a script and its caller: one sentence, every KEYS and ARGV by number and meaning,
what it returns and what it costs.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Print what is wrong with the headers; return the exit code."""
    scripts = sorted(ROOT.glob("jobs/**/*.lua"))
    complaints = [f"{path.relative_to(ROOT)}: {complaint}" for path in scripts for complaint in check(path.read_text())]
    print("\n".join(complaints) or f"The headers of {len(scripts)} Lua scripts agree with their code.")
    return 1 if complaints else 0


def check(script: str) -> Iterator[str]:
    """Yield what is wrong with the header of one script."""
    header, code = split(script)
    if not re.match(r"-- [A-Z].*", header):
        yield "the first line must say what it does: `-- Move …`."
    for word in ("Returns:", "Cost:"):
        if word not in header:
            yield f"the header lacks `{word}`."
    names = re.findall(r"KEYS\[\d+\] (\w+)", header)
    unpacked = re.search(r"local ([\w, ]+) = unpack\(KEYS\)", code)
    if unpacked and unpacked[1].split(", ") != names:
        yield f"the header names the keys {', '.join(names)}, the code {unpacked[1]}."
    for array in ("KEYS", "ARGV"):
        unknown = numbers(array, code) - numbers(array, header)
        if unknown:
            yield f"the code uses {array} {sorted(unknown)}, of which the header says nothing."


def split(script: str) -> tuple[str, str]:
    """Return the comment at the head of a script, and the code below it without comments."""
    lines = script.splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return "\n".join(lines[:end]), "\n".join(re.sub(r"--.*", "", line) for line in lines[end:])


def numbers(array: str, text: str) -> set[int]:
    """Return the numbers with which KEYS or ARGV is indexed in a text."""
    return {int(number) for number in re.findall(rf"{array}\[(\d+)\]", text)}


if __name__ == "__main__":
    sys.exit(main())
