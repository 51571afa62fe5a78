"""The log of development: each line once, and none for static files."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from config.quiet_log import QuietFilter

ROOT = Path(__file__).resolve().parents[2]


def line(name: str, text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, text, None, None)


@pytest.mark.parametrize(
    ("record", "is_written"),
    [
        (line("django.server", '"GET /static/shop.css HTTP/1.1" 200 9'), False),
        (line("django.server", '"GET /static/gone.css HTTP/1.1" 404 9', logging.WARNING), True),
        (line("django.server", '"GET /orders/1 HTTP/1.1" 200 9'), True),
        (line("jobs", "job.done class=orders.CompleteOrderJob"), True),
    ],
)
def test_requests_for_static_files_that_went_well_are_left_out(record, is_written):
    assert QuietFilter().filter(record) is is_written


@pytest.mark.parametrize("name", ["django.server", "django.utils.autoreload", "jobs"])
def test_line_is_written_once(name):
    script = (
        "import django, logging; django.setup();"
        f"logging.getLogger({name!r}).info('Watching for changes')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "true", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert (done.stdout + done.stderr).count("Watching for changes") == 1
