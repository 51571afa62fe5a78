"""The project of the fault drills.

Server and namespace are set for each worker: see `nursery`.
"""

import os

from environ import Env

SECRET_KEY = "only for tests"
INSTALLED_APPS = ["jobs", "tests.faults"]
DATABASES: dict[str, object] = {}
USE_TZ = True
JOBS: dict[str, object] = {
    "QUEUES": ["high", "default"],
    "LEASE": 3.0,
    "HEARTBEAT": 0.5,
    "CONCURRENCY": 3,
    # From the interruption to the end of a stop there must be room for one late answer, and for a
    # machine that has eight of these runs to do at once.
    "TIMEOUT": 6.0,
    "ASYNC_CONCURRENCY": 5,
}

if url := os.environ.get("FAULTS_DATABASE_URL"):
    DATABASES["default"] = Env.db_url_config(url)
    if url.startswith("sqlite"):
        DATABASES["default"]["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    JOBS["OUTBOX"] = True
