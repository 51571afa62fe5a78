"""Fail when the first line of a docstring is no short plain sentence.

`bin/ci prose` calls it. A reader often sees that line alone: in an editor, in a list of names. The
rest has room in the lines below it. Migrations are left out, since Django writes them.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from check_sizes import FOLDERS, ROOT

WORDS = 14
#: What may have a docstring.
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def main() -> int:
    """Print every first line that says too much, and return the exit code."""
    complaints = [
        complaint
        for path in files()
        for complaint in check(path, ast.parse((ROOT / path).read_text()))
    ]
    print("\n".join(complaints) or "The first line of every docstring is short and plain.")
    return 1 if complaints else 0


def files() -> list[Path]:
    """Return every Python file of ours but the migrations, relative to the root."""
    found = list(ROOT.glob("*.py"))
    for folder in FOLDERS:
        found += (ROOT / folder).rglob("*.py")
    return sorted(path.relative_to(ROOT) for path in found if path.parent.name != "migrations")


def check(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield what is wrong with the first lines of one file, in their order."""
    first_lines = {
        node.body[0].lineno: docstring.split("\n")[0]
        for node in ast.walk(tree)
        if isinstance(node, Documented) and (docstring := ast.get_docstring(node))
    }
    for number, line in sorted(first_lines.items()):
        if ";" in line:
            yield (
                f"{path}:{number}: the first line of the docstring has a semicolon: "
                "make it one sentence, and put the other below an empty line."
            )
        if (words := len(line.split())) > WORDS:
            yield (
                f"{path}:{number}: the first line of the docstring has {words} words, "
                f"at most {WORDS}: say the rest below an empty line."
            )


if __name__ == "__main__":
    sys.exit(main())
