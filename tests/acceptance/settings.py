"""The smallest project that has jobs, as the acceptance tests run it; the environment says what differs."""

import os

SECRET_KEY = "only for tests"
INSTALLED_APPS = ["jobs", "tests.acceptance"]
DATABASES: dict[str, object] = {}
USE_TZ = True
JOBS = {
    "LEASE": float(os.environ.get("TEST_LEASE", "3")),
    "HEARTBEAT": float(os.environ.get("TEST_HEARTBEAT", "0.5")),
    "CONCURRENCY": 5,
    "TIMEOUT": 5.0,
}
