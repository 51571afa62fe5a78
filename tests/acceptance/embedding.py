"""The web server of the tests of `jobs.embed()`: it answers nobody, and runs jobs."""

import os

from django.core.wsgi import get_wsgi_application

import jobs
from jobs.log import log_to_stderr

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.acceptance.settings")

log_to_stderr("plain")
application = get_wsgi_application()


def start() -> None:
    """Run jobs in this process."""
    jobs.embed(threads=2, timeout=3)


def post_fork(server: object, worker: object) -> None:
    """Do so in a worker of gunicorn that was just forked."""
    start()


if os.environ.get("TEST_EMBED") == "import":
    start()
