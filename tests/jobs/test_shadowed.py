"""A package `jobs` of the project is not taken for ours.

That is so where INSTALLED_APPS names our app in full.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

APPS = "from django.apps import AppConfig\n\n\nclass JobsConfig(AppConfig):\n    name = 'jobs'\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"__init__.py": ""}, "No module named 'jobs.apps'"),
        ({"__init__.py": "", "apps.py": APPS}, "does not contain a 'MakeItSoConfig' class"),
    ],
    ids=["a package", "an app"],
)
def test_package_of_the_project_is_not_taken_for_ours(tmp_path, files, said):
    (tmp_path / "jobs").mkdir()
    for name, text in files.items():
        (tmp_path / "jobs" / name).write_text(text)

    result = check(tmp_path)

    assert result.returncode == 1
    assert said in result.stderr


def test_ours_is_found_by_its_full_name(tmp_path):
    assert check(tmp_path).returncode == 0


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check a project that names our app as README.md does."""
    (folder / "settings.py").write_text(
        "INSTALLED_APPS = ['jobs.apps.MakeItSoConfig']\nSECRET_KEY = 'tests'\n"
    )
    return subprocess.run(
        [sys.executable, "-m", "django", "check"],
        cwd=folder,
        env=os.environ
        | {
            "PYTHONPATH": f"{folder}:{Path(__file__).parents[2]}",
            "DJANGO_SETTINGS_MODULE": "settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
