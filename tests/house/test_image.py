"""What gets into the image: all that runs, and nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import check_compose
import pytest

ROOT = Path(__file__).resolve().parents[2]
IGNORE = (ROOT / ".dockerignore").read_text()


def copy_like_docker(target: Path) -> None:
    """Copy what .dockerignore lets in."""
    lines = IGNORE.splitlines()
    left_out = shutil.ignore_patterns(
        *(line.removeprefix("**/") for line in lines if line.startswith("**/"))
    )
    for name in (line.removeprefix("!") for line in lines if line.startswith("!")):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=left_out)
        else:
            shutil.copy(ROOT / name, target / name)


@pytest.mark.slow
def test_project_runs_with_nothing_but_what_the_image_has(tmp_path):
    copy_like_docker(tmp_path)
    program = (
        "import config.wsgi, jobs, sys; from django.core.management import call_command as call;"
        "call('check', fail_level='WARNING'); call('collectstatic', interactive=False);"
        "call('makemigrations', check_changes=True); sys.stdout.write(jobs.__file__)"
    )

    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env=os.environ | {"DEBUG": "false", "SECRET_KEY": "x" * 60, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith(str(tmp_path / "jobs" / "__init__.py"))


def test_list_of_this_project_is_sound():
    assert list(check_compose.check_dockerignore(IGNORE)) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("\n*\n", "\n.env\n"), "it must begin with *"),
        (("!jobs", "!jbos"), "jbos does not exist"),
        (("**/.env*\n", ""), "**/.env* must stand behind"),
        (("**/*.key\n", "**/*.key\n!LICENSE\n"), "**/.env* must stand behind"),
    ],
)
def test_list_that_lets_too_much_in_is_refused(change, complaint):
    before, after = change
    assert before in IGNORE

    found = list(check_compose.check_dockerignore(IGNORE.replace(before, after)))

    assert any(complaint in each for each in found)


def test_image_whose_packages_are_not_checked_is_refused():
    dockerfile = (ROOT / "Dockerfile").read_text().replace("--require-hashes ", "")

    assert list(check_compose.check_dockerfile(dockerfile)) == [
        "Dockerfile: pip must check the hashes of the lock: --require-hashes."
    ]
