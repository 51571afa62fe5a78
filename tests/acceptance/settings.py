"""The smallest project that has jobs.

The acceptance tests run it, and the environment says what differs.
"""

import os
import time

SECRET_KEY = "only for tests"
INSTALLED_APPS = ["jobs", "tests.acceptance"]
DATABASES: dict[str, object] = {}
if "TEST_DATABASE" in os.environ:
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["TEST_DATABASE"],
    }
USE_TZ = True
JOBS: dict[str, object] = {
    "LEASE": float(os.environ.get("TEST_LEASE", "3")),
    "HEARTBEAT": float(os.environ.get("TEST_HEARTBEAT", "0.5")),
    "CONCURRENCY": 5,
    "MAX_CRASHES": int(os.environ.get("TEST_MAX_CRASHES", "3")),
    "TIMEOUT": 5.0,
    "TIME_LIMIT_GRACE": 1.0,
    "MAX_MEMORY_MB": int(os.environ.get("TEST_MAX_MEMORY_MB", "0")),
    "MAX_JOBS_PER_PROCESS": int(os.environ.get("TEST_MAX_JOBS", "0")),
}
TASKS = {"default": {"BACKEND": "jobs.contrib.django_tasks.JobsBackend"}}
if most := int(os.environ.get("TEST_QUEUE_LIMIT", "0")):
    JOBS["QUEUE_LIMITS"] = {"default": most}

if "TEST_SIGN" in os.environ:
    JOBS["SIGN"] = os.environ["TEST_SIGN"]

if "TEST_OUTBOX" in os.environ:
    JOBS["OUTBOX"] = True

if ahead := float(os.environ.get("TEST_CLOCK_AHEAD", "0")):
    # The clock of this process is wrong, as that of a host would be.
    right = time.time
    time.time = lambda: right() + ahead
