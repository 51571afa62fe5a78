"""The `startjob` command: write a job and its test, both of which fail loudly until somebody has written them."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management.base import BaseCommand, CommandError

from jobs.errors import InvalidJob
from jobs.options import check_queue_name

HEAD = '''"""The jobs of {app}: thin, each finds its data and calls the code that does the work."""

from jobs import Job
'''

JOB = '''

class {name}(Job):
    """Say what this job does."""

    queue = "{queue}"

    def perform(self, record_id: int) -> None:
        """Take ids, not records: load what you need here, so that it is what it is when the job runs."""
        raise NotImplementedError("Write {name}.perform")
'''

TEST = '''"""{name}: what it does, and that a second run does no harm."""

from {module} import {name}


def test_{snake}():
    {name}.perform_now(1)

    raise AssertionError("Write this test: run the job, look at what it did, run it again.")
'''


class Command(BaseCommand):
    """Write the two pieces and say where they are."""

    help = "Writes a job and a test, which fail until they are written: startjob APP NAME [--queue QUEUE]."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("app", help="The label of an installed app.")
        parser.add_argument("name", help="The name of the job class; Job is added at the end if it is missing.")
        parser.add_argument("--queue", default="default", help="The queue of the job.")

    def handle(self, *args: object, app: str, name: str, queue: str, **options: Any) -> None:
        """Add the class to the app's jobs.py and make the test; change nothing if either is there already."""
        config = _find_app(app)
        name = name if name.endswith("Job") else f"{name}Job"
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
            raise CommandError(f"{name!r} is no name for a class: write it LikeThis.")
        try:
            check_queue_name(queue)
        except InvalidJob as error:
            raise CommandError(str(error)) from error
        jobs_file, test_file = Path(config.path) / "jobs.py", _test_file(config, name)
        text = jobs_file.read_text() if jobs_file.exists() else HEAD.format(app=config.label)
        if re.search(rf"^class {name}\b", text, re.MULTILINE) or test_file.exists():
            raise CommandError(f"{name} is there already, in {jobs_file} or {test_file}.")
        jobs_file.write_text(_with_import(text).rstrip("\n") + "\n" + JOB.format(name=name, queue=queue))
        test_file.parent.mkdir(parents=True, exist_ok=True)
        test_file.write_text(TEST.format(name=name, module=f"{config.name}.jobs", snake=_snake(name)))
        self.stdout.write(
            f"Wrote {name} in {jobs_file}\nWrote its test in {test_file}\nBoth fail until you write them."
        )


def _find_app(label: str) -> AppConfig:
    try:
        return apps.get_app_config(label)
    except LookupError as error:
        raise CommandError(str(error)) from error


def _test_file(config: AppConfig, name: str) -> Path:
    """Return where the project keeps such tests: `tests/<app>/` beside the app, else `<app>/tests/`."""
    app = Path(config.path)
    beside = app.parent / "tests"
    folder = beside / config.label if beside.is_dir() else app / "tests"
    return folder / f"test_{_snake(name)}.py"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _with_import(text: str) -> str:
    if re.search(r"^(from jobs import .*\bJob\b|class Job\b)", text, re.MULTILINE):
        return text
    return HEAD.format(app="this app") if not text.strip() else f"{text.rstrip()}\n\nfrom jobs import Job\n"
