"""Run Django's own tests of tasks against our backend: `python ci/django_suite.py [VERSION]`.

Django's source distribution carries them, and its wheel does not. That of the installed Django is
fetched once, and kept in `.dev/`. So is Django itself where another VERSION is asked for, which
must run on this Python. Our backend stands in the place of Django's two: tests of the
dummy backend find the tasks that wait in Redis, and those of the immediate backend find what a
worker made of them.

`bin/ci tasks` calls it. Exit code 3: the tests could not be fetched.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parent.parent
NOT_FETCHED = 3

_IMMEDIATE = "test_immediate_backend.ImmediateBackendTestCase."
_DUMMY = "test_dummy_backend.DummyBackendTestCase."
#: Tests that do not apply, each with the reason.
NOT_APPLICABLE = {
    f"{_IMMEDIATE}test_throws_keyboard_interrupt": "no Ctrl-C reaches a thread of a worker",
    f"{_IMMEDIATE}test_cannot_get_result": "results can be had here",
    f"{_IMMEDIATE}test_cannot_refresh_result": "results can be had here",
    f"{_IMMEDIATE}test_cannot_pass_run_after": "tasks can wait here",
    f"{_DUMMY}test_refresh_result": "it writes into the memory of the dummy backend",
    f"{_DUMMY}test_refresh_result_async": "it writes into the memory of the dummy backend",
}
#: Tests of a backend that does not wait for the commit: they run with JOBS["ENQUEUE"] so.
IMMEDIATE_COMMIT = "test_doesnt_wait_until_transaction_commit_by_default"


def main() -> int:
    """Run the tests, and return the exit code."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else django.__version__
    if wanted != django.__version__:
        return run_with(wanted)
    if django.VERSION < (6,):
        print(f"Django {django.__version__} has no tasks: run this on Django 6.", file=sys.stderr)
        return 2
    folder = ROOT / ".dev" / f"django-{django.__version__}-tests"
    if not (folder / "tasks").is_dir() and not fetch(folder):
        return NOT_FETCHED
    sys.path[:0] = [str(ROOT), str(folder)]
    from benchmarks.throughput import valkey  # noqa: PLC0415  # found by the path above

    with tempfile.TemporaryDirectory() as data, valkey(Path(data)):
        set_up()
        return run()


def run_with(version: str) -> int:
    """Run the tests with another Django, and return the exit code."""
    folder = ROOT / ".dev" / f"django-{version}"
    if not folder.is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        wanted = ["--target", str(folder), f"django=={version}"]
        if subprocess.run([*pip, *wanted], check=False).returncode:
            print(f"Django {version} could not be fetched.", file=sys.stderr)
            return NOT_FETCHED
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, __file__, version]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False).returncode


def fetch(folder: Path) -> bool:
    """Take the tests out of Django's source distribution, and tell whether that went well.

    Only Django itself comes as source. `--no-binary :all:` would build its build tools too.
    """
    with tempfile.TemporaryDirectory() as place:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        wanted = ["--no-binary", "django", "--dest", place, f"django=={django.__version__}"]
        if subprocess.run([*pip, *wanted], check=False).returncode:
            print("Django's source distribution could not be fetched.", file=sys.stderr)
            return False
        [archive] = Path(place).glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                parts = Path(member.name).parts
                if parts[1:3] == ("tests", "tasks") and member.isfile():
                    member.name = str(Path(*parts[2:]))
                    tar.extract(member, folder, filter="data")
    return True


def set_up() -> None:
    """Set Django up, and put our backend in the place of its own."""
    from django.conf import settings  # noqa: PLC0415  # so that `--help` of pip needs no Django

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "jobs"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        JOBS={"REDIS_URL": os.environ["JOBS_REDIS_URL"], "MAX_RETRIES": 0},
        USE_TZ=True,
    )
    django.setup()
    from django.tasks.backends import dummy, immediate  # noqa: PLC0415  # Django must be set up
    from django_suite_backends import DrainedBackend, WaitingBackend  # noqa: PLC0415

    dummy.DummyBackend = WaitingBackend  # type: ignore[assignment,misc]
    immediate.ImmediateBackend = DrainedBackend  # type: ignore[assignment,misc]


def run() -> int:
    """Run what applies, and return the exit code.

    Print each name that did not pass, and how many of each kind there are.
    """
    from django.conf import settings  # noqa: PLC0415
    from django.test import override_settings  # noqa: PLC0415
    from django.test.runner import DiscoverRunner  # noqa: PLC0415

    found = list(tests_in(unittest.defaultTestLoader.loadTestsFromNames(modules())))
    by_commit = [test for test in found if IMMEDIATE_COMMIT in test.id()]
    left_out = [test for test in found if name_of(test) in NOT_APPLICABLE]
    others = [test for test in found if test not in by_commit and test not in left_out]

    runner = DiscoverRunner(verbosity=0)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    result = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite(others))
    at_once = {**settings.JOBS, "ENQUEUE": "immediate"}
    with override_settings(JOBS=at_once):
        late = unittest.TextTestRunner(verbosity=0).run(unittest.TestSuite(by_commit))
    runner.teardown_databases(databases)

    bad = [*result.failures, *result.errors, *late.failures, *late.errors]
    failed = sorted({name_of(getattr(test, "test_case", test)) for test, _ in bad})
    ran = result.testsRun + late.testsRun
    skipped = len(result.skipped) + len(late.skipped)
    for test in left_out:
        print(f"does not apply: {name_of(test)}: {NOT_APPLICABLE[name_of(test)]}")
    for name in failed:
        print(f"failed: {name}")
    print(
        f"Django {django.__version__}: {len(found)} tests of tasks, {ran} ran, "
        f"{ran - len(failed) - skipped} passed, {len(failed)} failed, {skipped} skipped, "
        f"{len(left_out)} do not apply."
    )
    unknown = NOT_APPLICABLE.keys() - {name_of(test) for test in left_out}
    if unknown:
        print(f"No such tests any more: {', '.join(sorted(unknown))}", file=sys.stderr)
    return 1 if failed or skipped or unknown or not ran else 0


def modules() -> list[str]:
    """Return the modules of Django's tests."""
    kinds = ("custom_backend", "dummy_backend", "immediate_backend", "tasks")
    return [f"tasks.test_{kind}" for kind in kinds]


def tests_in(suite: unittest.TestSuite) -> Iterator[Any]:
    """Return the single tests of a suite."""
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from tests_in(each)
        else:
            yield each


def name_of(test: Any) -> str:
    """Return the name of a test within Django's folder."""
    return str(test.id().removeprefix("tasks."))


if __name__ == "__main__":
    sys.exit(main())
