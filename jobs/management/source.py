"""The text of a Python module.

Used by `startjob`, which adds an import or a class. It changes nothing else of what people wrote.
"""

import ast
import importlib.util
import sys

#: The groups of imports, in their order.
_STANDARD, _INSTALLED, _OWN, _RELATIVE = range(1, 5)
#: How an import ends that stands below the code that it needs.
LAST = "  # noqa: E402, F401"
_Import = ast.Import | ast.ImportFrom


class Source:
    """The text of one module."""

    def __init__(self, text: str) -> None:
        """Take the text. Raise SyntaxError."""
        self.text = text
        self._tree = ast.parse(text)

    def name_of(self, module: str, name: str) -> str | None:
        """Return how this module calls a name of another module.

        None if it does not know it.
        """
        for statement in self._tree.body:
            for alias in statement.names if isinstance(statement, _Import) else ():
                if isinstance(statement, ast.Import) and alias.name == module:
                    return f"{alias.asname or module}.{name}"
                if _is_from(statement, module) and alias.name == name:
                    return alias.asname or name
        return None

    def defines(self, name: str) -> bool:
        """Return whether the module has a class of this name."""
        return any(isinstance(s, ast.ClassDef) and s.name == name for s in self._tree.body)

    def with_import(self, line: str) -> "Source":
        """Return a copy with this line among the imports at the top."""
        imports = self._imports()
        place = _place_of_import(ast.parse(line).body[0])
        before = [i for i in imports if _place_of_import(i) <= place]
        after = imports[len(before) :]
        if not imports:
            return self._with_first_import(line)
        at = _end(before[-1]) if before else after[0].lineno - 1
        lines = [line]
        if before and _place_of_import(before[-1])[0] != place[0]:
            lines.insert(0, "")
        is_next_to = after and after[0].lineno - 1 == at
        if is_next_to and _place_of_import(after[0])[0] != place[0]:
            lines.append("")
        return self._with_lines(at, lines)

    def with_last_import(self, line: str) -> "Source":
        """Return a copy with this line among the imports at its end."""
        lines = self.text.rstrip().splitlines()
        last = [line]
        while lines and lines[-1].endswith(LAST):
            last.append(lines.pop())
        text = "\n".join(lines).rstrip()
        return Source("\n".join([text, "", "", *sorted(set(last)), ""]))

    def with_code(self, code: str) -> "Source":
        """Return a copy with this code at its end, below two empty lines."""
        text = self.text.rstrip()
        return Source(f"{text}\n\n\n{code}" if text else code)

    def _imports(self) -> list[_Import]:
        """Return the imports at the top, up to the first other statement."""
        found: list[_Import] = []
        for statement in self._tree.body[self._has_docstring :]:
            if not isinstance(statement, _Import):
                break
            found.append(statement)
        return found

    @property
    def _has_docstring(self) -> bool:
        return ast.get_docstring(self._tree, clean=False) is not None

    def _with_first_import(self, line: str) -> "Source":
        body = self._tree.body
        if self._has_docstring:
            rest = self.text.splitlines()[_end(body[0]) :]
            is_apart = not rest or not rest[0].strip()
            return self._with_lines(_end(body[0]), ["", line] + ([] if is_apart else [""]))
        return Source(f"{line}\n\n\n{self.text.lstrip()}".rstrip() + "\n")

    def _with_lines(self, at: int, lines: list[str]) -> "Source":
        all_lines = self.text.splitlines()
        return Source("\n".join([*all_lines[:at], *lines, *all_lines[at:], ""]))


def _is_from(statement: ast.stmt, module: str) -> bool:
    return (
        isinstance(statement, ast.ImportFrom) and not statement.level and statement.module == module
    )


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _place_of_import(statement: ast.stmt) -> tuple[int, bool, str]:
    """Return the group of an import, whether it is a `from`, and its module."""
    if isinstance(statement, ast.Import):
        module = statement.names[0].name
        return _group_of(module), False, module
    assert isinstance(statement, ast.ImportFrom)  # noqa: S101  # an import is one of the two
    module = statement.module or ""
    return _RELATIVE if statement.level else _group_of(module), True, module


def _group_of(module: str) -> int:
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names:
        return _STANDARD
    spec = importlib.util.find_spec(root)
    is_installed = root == "jobs" or (spec and "-packages" in str(spec.origin))
    return _INSTALLED if is_installed else _OWN
