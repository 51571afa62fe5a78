"""The `startjob` command: write a job and its test.

Both fail loudly until somebody has written them.
"""

import re
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management.base import BaseCommand, CommandError

from jobs.conf import get_settings
from jobs.errors import ConfigurationError, InvalidJob
from jobs.job import Job
from jobs.management.job_files import JobFile, base_class, file_of_test, job_file, packages_of
from jobs.management.source import LAST, Source
from jobs.options import check_queue_name
from jobs.registry import registry

HEAD = '''"""The jobs of {app}.

Each is thin: it finds its data and calls the code that does the work.
"""
'''

JOB = '''class {name}({base}):
    """Say what this job does."""

    queue = "{queue}"

    def perform(self, record_id: int) -> None:
        """Do the work.

        Take ids, not records: what you load here is as it is when the job runs.
        """
        raise NotImplementedError("Write {name}.perform")
'''

TEST = '''"""{name}: what it does, and that a second run does no harm."""

from django.test import TestCase
from jobs.testing import JobsTestMixin

from {module} import {name}


class {name}Tests(JobsTestMixin, TestCase):
    """The tests of {name}."""

    def test_second_run_does_no_harm(self) -> None:
        """Run it, look at what it did, and run it again."""
        {name}.perform_now(1)

        self.fail("Write this test: run the job, look at what it did, run it again.")
'''


class Command(BaseCommand):
    """Write the two pieces and say where they are."""

    help = (
        "Writes a job and a test, which fail until they are written: "
        "startjob APP NAME [--queue QUEUE], or startjob APP GROUP.NAME for the module GROUP of a "
        "package APP/jobs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("app", help="The label of an installed app.")
        parser.add_argument(
            "name",
            help="The name of the job class; Job is added at the end if it is missing. "
            "GROUP.NAME puts it into APP/jobs/GROUP.py.",
        )
        parser.add_argument("--queue", default="default", help="The queue of the job.")

    def handle(self, *args: object, app: str, name: str, queue: str, **options: Any) -> None:
        """Add the class to the app's jobs, and make its test.

        Nothing is changed if either is there already.
        """
        config = _find_app(app)
        group, name = _split(name)
        try:
            check_queue_name(queue)
            file = job_file(config, group, name)
        except (InvalidJob, ValueError) as error:
            raise CommandError(str(error)) from error
        test = file_of_test(config, name)
        base = base_class(config)
        source = Source(_read(file.path) or HEAD.format(app=config.label))
        if source.defines(name) or test.exists() or f"{config.label}.{name}" in registry.names():
            raise CommandError(f"{name} is there already, in the jobs of {app} or in {test}.")
        source, base_name = _with_base(source, file, base)
        code = JOB.format(name=name, base=base_name, queue=queue)
        _write(file.path, source.with_code(code).text)
        if file.package:
            _announce(file, base)
        _write(test, TEST.format(name=name, module=file.module))
        for package in packages_of(test, config):
            package.touch()
        self.stdout.write(
            f"Wrote {name} in {file.path}\n"
            f"Wrote its test in {test}\n"
            f"Both fail until you write them. The test runs with {_runners(test)}."
        )
        self._say_if_unserved(queue)

    def _say_if_unserved(self, queue: str) -> None:
        """Say so where no worker of the settings takes from a queue.

        Settings that are wrong are told by `manage.py check`.
        """
        with suppress(ConfigurationError):
            settings = get_settings()
            if queue not in settings.served_queues:
                name = "CAPSULES" if settings.capsules else "QUEUES"
                self.stdout.write(
                    f"Nothing in JOBS has workers take from queue {queue}. Add it to "
                    f"JOBS[{name!r}], or start: python manage.py runjobs -q {queue}"
                )


def _find_app(label: str) -> AppConfig:
    try:
        return apps.get_app_config(label)
    except LookupError as error:
        raise CommandError(str(error)) from error


def _split(name: str) -> tuple[str, str]:
    """Return the group and the name of a class."""
    group, _, given = name.replace("/", ".").rpartition(".")
    name = given if given.endswith("Job") else f"{given}Job"
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
        raise CommandError(f"{given!r} is no name for a class: {_advice(given)}.")
    if group and not re.fullmatch(r"[a-z_][a-z0-9_]*", group):
        raise CommandError(f"{group!r} is no name for one module: write it like_this.")
    return group, name


def _advice(given: str) -> str:
    """Return what to write instead of a name that no class can have."""
    words = re.findall(r"[A-Za-z0-9]+", given)
    meant = "".join(word[0].upper() + word[1:] for word in words)
    if re.fullmatch(r"[A-Z][A-Za-z0-9]*", meant):
        return f"write {meant}"
    return "begin it with a letter, and write it LikeThis"


def _with_base(source: Source, file: JobFile, base: type[Job]) -> tuple[Source, str]:
    """Return the source with the base class imported, and what it is called there."""
    module = "jobs" if base is Job else base.__module__
    if module == file.module:
        return source, base.__name__
    if name := source.name_of(module, base.__name__):
        return source, name
    line = f"from {module} import {base.__name__}"
    return source.with_import(line), base.__name__


def _announce(file: JobFile, base: type[Job]) -> None:
    """Have the package import a new module: workers know what `<app>.jobs` imports."""
    assert file.package is not None  # noqa: S101  # the caller has looked
    line = f"import {file.module}"
    source = Source(_read(file.package))
    if any(known.startswith(line + " ") for known in source.text.splitlines()):
        return
    if base.__module__ == file.module.rpartition(".")[0]:  # below the base class that it needs
        source = source.with_last_import(line + LAST)
    else:
        source = source.with_import(f"{line}  # noqa: F401")
    _write(file.package, source.text)


def _runners(test: Path) -> str:
    """Return what finds a test: Django's runner looks into packages only."""
    is_in_package = (test.parent / "__init__.py").exists()
    return "pytest and with manage.py test" if is_in_package else "pytest"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
