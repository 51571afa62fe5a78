"""A project starts although JOBS is wrong.

So the system checks can say what it is.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

JOBS = """
from datetime import timedelta
from jobs import Job

class SlowJob(Job):
    expires_in = timedelta(hours=1)
    transient_errors = (OSError,)

    def perform(self): print("ran", self.option("expires_in"))
"""


@pytest.fixture
def project(tmp_path):
    """Return a function that runs a command in a project with this setting."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "jobs.py").write_text(JOBS)

    def run(jobs: str, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "settings.py").write_text(
            f"INSTALLED_APPS = ['jobs', 'shop']\nJOBS = {jobs}\nSECRET_KEY = 'tests'\n"
        )
        root = str(Path(__file__).parents[2])
        known = {k: v for k, v in os.environ.items() if not k.startswith("JOBS_")}
        return subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=known
            | {"PYTHONPATH": f"{tmp_path}:{root}", "DJANGO_SETTINGS_MODULE": "settings"}
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


CHECK = ("-m", "django", "check")


@pytest.mark.parametrize(
    ("jobs", "environment", "said"),
    [
        ("{'REDIS_ULR': 'redis://a'}", {}, "(jobs.E001) JOBS has an unknown key 'REDIS_ULR'. Did"),
        ("['high']", {}, "(jobs.E001) JOBS must be a dictionary"),
        ("{'CONCURRENCY': 0}", {}, "(jobs.E001) JOBS['CONCURRENCY'] must be"),
        ("{'MIDDLEWARE': ['shop.nowhere.X']}", {}, "(jobs.E002) JOBS['MIDDLEWARE'] names shop."),
        ("{}", {"JOBS_REDIS_PROVIDER": "CLOUD_URL"}, "(jobs.E003) JOBS_REDIS_PROVIDER names CLOUD"),
    ],
)
def test_check_says_what_is_wrong_though_jobs_use_options_of_middleware(
    project, jobs, environment, said
):
    result = project(jobs, *CHECK, **environment)

    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_worker_says_it_too(project):
    result = project("{'REDIS_ULR': 'redis://a'}", "-m", "django", "runjobs")

    assert result.returncode == 1
    assert "Did you mean 'REDIS_URL'?" in result.stderr
    assert "Traceback" not in result.stderr


ENQUEUE = "import django; django.setup(); from shop.jobs import SlowJob; SlowJob.enqueue()"


def test_enqueue_says_it_at_the_latest(project):
    result = project("{'REDIS_ULR': 'redis://a'}", "-c", ENQUEUE)

    assert "ConfigurationError: JOBS has an unknown key 'REDIS_ULR'." in result.stderr


MEND = """
import django
django.setup()
from django.test import override_settings
from jobs import Job
from shop.jobs import SlowJob
with override_settings(JOBS={}):
    SlowJob.perform_now()
    try:
        type("OddJob", (Job,), {"expire_in": 5})
    except Exception as error:
        print(type(error).__name__)
"""


def test_options_count_as_soon_as_the_setting_is_right(project):
    result = project("{'REDIS_ULR': 'redis://a'}", "-c", MEND)

    assert result.stdout.splitlines() == ["ran 1:00:00", "InvalidJob"], result.stderr


MIDDLEWARE = """
from jobs import Middleware
from shop.jobs import SlowJob  # imports it while its class is made: not ready yet

class Watch(Middleware):
    pass
"""


def test_middleware_that_needs_the_jobs_is_loaded_after_them(project, tmp_path):
    (tmp_path / "shop" / "watch.py").write_text(MIDDLEWARE)
    paths = [
        "shop.watch.Watch",
        "jobs.middleware.expiry.ExpiryMiddleware",
        "jobs.middleware.transient.TransientErrorsMiddleware",
    ]

    result = project(str({"MIDDLEWARE": paths}), "-c", ENQUEUE.replace("enqueue", "perform_now"))

    assert result.stdout == "ran 1:00:00\n", result.stderr
