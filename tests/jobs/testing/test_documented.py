"""The examples of docs/testing.md, in a project of their own that has no Redis."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

SETTINGS = """
SECRET_KEY = "documented"
INSTALLED_APPS = ["jobs", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
JOBS = {"REDIS_URL": "redis://127.0.0.1:1/0", "QUEUES": ["high", "default"]}
"""

MODELS = """
from django.db import models


class Order(models.Model):
    is_shipped = models.BooleanField(default=False)
    is_reminded = models.BooleanField(default=False)
    is_indexed = models.BooleanField(default=False)
    is_refunded = models.BooleanField(default=False)


class Report(models.Model):
    day = models.DateField()
"""

COURIER = '''
class CourierDown(Exception):
    """The courier does not answer."""


def ship(order_id):
    """Have an order shipped."""
'''

PREPARED = """
from django.test import TestCase
from jobs.testing import JobsTestMixin

from shop.jobs import ExportJob


class PreparedTests(JobsTestMixin, TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.export = ExportJob.using(commit="immediate").enqueue(1)

    def test_what_the_class_prepares_needs_no_redis_and_is_no_job_of_the_test(self):
        self.assertTrue(self.export.id)
        self.assert_nothing_enqueued()
"""


def documented() -> dict[str, str]:
    """Return the files that the blocks of the page make.

    A block belongs to the file that the last one before it named.
    """
    files: dict[str, str] = {}
    name = ""
    page = (ROOT / "docs/testing.md").read_text()
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        if named := re.match(r"# (\S+\.py)\n", block):
            name = named[1]
        # A case of Django's runner stands alone, and what follows belongs to pytest again.
        files[name] = f"{files.get(name, '')}\n\n{block}"
        name = "tests/test_shop.py"
    return files


@pytest.fixture
def project(tmp_path):
    files = documented() | {
        "settings.py": SETTINGS,
        "shop/__init__.py": "",
        "shop/models.py": MODELS,
        "shop/courier.py": COURIER,
        "shop/test_prepared.py": PREPARED,
        "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\npythonpath = .\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(project, *command):
    """Run Python in the project, with nothing but this checkout and what is installed."""
    left_out = {"JOBS_REDIS_URL", "PYTEST_ADDOPTS", "DJANGO_SETTINGS_MODULE"}
    env = {name: value for name, value in os.environ.items() if name not in left_out}
    return subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env=env | {"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_examples_run_under_pytest_as_they_stand_there(project):
    done = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")

    number = documented()["tests/test_shop.py"].count("\ndef test_")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{number} passed" in done.stdout


def test_examples_run_under_the_runner_of_django(project):
    done = run(project, "-m", "django", "test", "shop")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 3 tests" in done.stderr
