"""Finds the place of a new job and its test in an app.

Used by `startjob`. It finds the class that the job builds on, too.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from django.apps import AppConfig

from jobs.job import Job
from jobs.registry import registry


@dataclass(frozen=True)
class JobFile:
    """The module of a new job.

    `package` is the `jobs` package that has to import it, None where `jobs` is one module.
    """

    path: Path
    module: str
    package: Path | None = None


def job_file(config: AppConfig, group: str, name: str) -> JobFile:
    """Return the module for a job, `<app>/jobs.py` or one in the package `<app>/jobs`.

    Raise ValueError for a group where `jobs` is one module already.
    """
    folder, module = Path(config.path) / "jobs", f"{config.name}.jobs"
    alone = folder.with_suffix(".py")
    if not folder.is_dir() and not group:
        return JobFile(alone, module)
    if alone.exists():
        raise ValueError(
            f"{alone} is one module, so it has no place for {group or name}. Make it a package "
            f"first: move it to {folder / '__init__.py'}."
        )
    stem = group or snake(name)
    return JobFile(folder / f"{stem}.py", f"{module}.{stem}", folder / "__init__.py")


def file_of_test(config: AppConfig, name: str) -> Path:
    """Return where a new test goes: where the tests of the app are already.

    That is `<app>/tests/`, beside `<app>/tests.py`, or `tests/<app>/` next to the app. An app
    without tests gets `<app>/tests/`.
    """
    app = Path(config.path)
    file = f"test_{snake(name)}.py"
    if (app / "tests.py").exists():
        return app / file  # a folder `tests` would hide that module
    beside = app.parent / "tests"
    if (app / "tests").is_dir() or not beside.is_dir():
        return app / "tests" / file
    if not (beside / "__init__.py").exists() and any(beside.rglob(file)):
        file = f"test_{config.label}_{snake(name)}.py"  # without packages their names are their own
    return beside / config.label / file


def packages_of(test: Path, config: AppConfig) -> list[Path]:
    """Return the `__init__.py` without which Django's runner does not find a test."""
    inside_app = test.parent == Path(config.path) / "tests"
    is_package = (test.parent.parent / "__init__.py").exists()
    return [test.parent / "__init__.py"] if inside_app or is_package else []


def base_class(config: AppConfig) -> type[Job]:
    """Return the class that most jobs of an app build on.

    It has no `perform`. Without one it is Job.
    """
    known = [registry.find(name) for name in registry.names()]
    jobs = [job_class for job_class in known if _is_of(config, job_class)]
    uses = Counter(base for job_class in jobs for base in job_class.__mro__[1:] if _is_base(base))
    own = [base for base in _all_under(Job) if _is_of(config, base) and _is_base(base)]
    return max([*uses, *own], key=uses.__getitem__, default=Job)


def snake(name: str) -> str:
    """Return `ship_order_job` for ShipOrderJob."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _is_of(config: AppConfig, job_class: type) -> bool:
    return f"{job_class.__module__}.".startswith(f"{config.name}.")


def _is_base(base: type) -> bool:
    return issubclass(base, Job) and base is not Job and not hasattr(base, "perform")


def _all_under(base: type[Job]) -> list[type[Job]]:
    return [found for under in base.__subclasses__() for found in (under, *_all_under(under))]
