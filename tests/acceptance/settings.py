"""The smallest project that has jobs.

The acceptance tests run it, and the environment says what differs.
"""

import os
import time

SECRET_KEY = "only for tests"
INSTALLED_APPS = ["jobs", "tests.acceptance"]
DATABASES: dict[str, object] = {}
USE_TZ = True
JOBS = {
    "LEASE": float(os.environ.get("TEST_LEASE", "3")),
    "HEARTBEAT": float(os.environ.get("TEST_HEARTBEAT", "0.5")),
    "CONCURRENCY": 5,
    "MAX_CRASHES": int(os.environ.get("TEST_MAX_CRASHES", "3")),
    "TIMEOUT": 5.0,
}

if ahead := float(os.environ.get("TEST_CLOCK_AHEAD", "0")):
    # The clock of this process is wrong, as that of a host would be.
    right = time.time
    time.time = lambda: right() + ahead
