"""Which options a class states, by its attributes. Used by `job`."""

from jobs.middleware.chain import declared_options
from jobs.options import is_declared

_NOT_OPTIONS = frozenset({"options", "is_async", "perform"})


def stated_options(base: type, *, is_job: bool) -> dict[str, object]:
    """Return the options that a class states itself.

    One that is no job may have attributes for other purposes.
    """
    found = {name: value for name, value in vars(base).items() if _is_option(name, value)}
    if is_job:
        return found
    return {
        name: value
        for name, value in found.items()
        if is_declared(name) or name in declared_options()
    }


def _is_option(name: str, value: object) -> bool:
    """Whether a class attribute is meant as an option.

    That is a plain value with a public name in small letters. A class is none, unless its name is
    an option: in `unique = Unique` the brackets were forgotten.
    """
    if name.startswith("_") or name.isupper() or name in _NOT_OPTIONS:
        return False
    if isinstance(value, type) and is_declared(name):
        return True
    return not (callable(value) or hasattr(value, "__get__"))
