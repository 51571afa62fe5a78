"""Fail when a file or a function is longer than the house allows.

`bin/ci sizes` calls it. Ruff counts statements and branches. This counts lines: of whole files, and
of Python functions without their docstring.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FUNCTION_LINES = 40
#: Limits in lines; the first pattern that matches a file counts.
FILE_LINES = {
    "*/migrations/*.py": 10_000,
    "tests/**/*.py": 400,
    "**/*.py": 300,
    "**/*.html": 80,
    "**/*.lua": 80,
    "**/*.css": 250,
    "**/*.js": 120,
}
FOLDERS = (
    "benchmarks",
    "bin",
    "bots",
    "ci",
    "config",
    "fake_services",
    "jobs",
    "orders",
    "rehearsals",
    "static",
    "templates",
    "tests",
)


def main() -> int:
    """Print everything that is too long, and return the exit code."""
    complaints = [complaint for path in files() for complaint in check(path)]
    print("\n".join(complaints) or "Every file and function is within its limit.")
    return 1 if complaints else 0


def files() -> list[Path]:
    """Return every file of ours that has a limit, relative to the root."""
    suffixes = {Path(pattern).suffix for pattern in FILE_LINES}
    found = (
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in suffixes
    )
    return sorted(path.relative_to(ROOT) for path in found if path.is_file())


def check(path: Path) -> Iterator[str]:
    """Yield what is too long in one file."""
    text = (ROOT / path).read_text()
    limit = limit_of(path)
    lines = len(text.splitlines())
    if lines > limit:
        yield f"{path}: {lines} lines, at most {limit}: one noun, one file."
    if path.suffix == ".py":
        yield from check_functions(path, ast.parse(text))


def limit_of(path: Path) -> int:
    """Return the number of lines that a file may have."""
    return next(limit for pattern, limit in FILE_LINES.items() if matches(path, pattern))


def matches(path: Path, pattern: str) -> bool:
    """Tell whether a relative path matches a pattern.

    In a pattern `**/` stands for any number of folders.
    """
    folder, _, name = pattern.rpartition("/")
    in_folder = all(part in path.parent.parts for part in folder.split("/") if part.strip("*"))
    return in_folder and path.match(name)


def check_functions(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the functions of a module that have too many lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = length_of(node)
            if lines > FUNCTION_LINES:
                yield (
                    f"{path}:{node.lineno}: {node.name} has {lines} lines, "
                    f"at most {FUNCTION_LINES}."
                )


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its decorators and docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


if __name__ == "__main__":
    sys.exit(main())
